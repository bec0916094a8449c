// The configuration: complaints for people, and what is accepted can be sent, kept, shown as a file
// that says the same, and compared.
#include "config/changes.h"
#include "config/config.h"
#include "testsuite/fuzz/fuzz.h"
#include "wire/model_codec.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = config::parse(fuzz::text_of(data, size), "cox.toml");
  if (!config) {
    fuzz::require_readable_lines(config.error(), config::complaints_max + 1);
    return 0;
  }
  require(!config->settings.partitions.empty(), "a configuration without a partition");
  wire::Settings message;
  wire::put(config->settings, &message);
  const auto again = wire::take(message);
  if (!again) std::fprintf(stderr, "%s\n", again.error().message.c_str());
  require(again.has_value(), "settings that were accepted cannot be journaled");
  require(*again == config->settings, "settings change on their way");
  const std::string text = config::to_toml(config->settings);
  const auto shown = config::parse(text, "shown");
  if (!shown) std::fprintf(stderr, "%s\n%s\n", shown.error().message.c_str(), text.c_str());
  require(shown.has_value(), "settings that were accepted are shown as a file that is not");
  require(shown->settings == config->settings, "the file that is shown says something else");
  require(config::changes_between(config->settings, shown->settings).empty(), "changes of nothing");
  static_cast<void>(config::changes_between(Settings{}, config->settings));
  for (const std::string& warning : config->warnings) {
    fuzz::require_readable(Error{Code::bad_usage, warning});
  }
  return 0;
}
