// The configuration: complaints for people, and what is accepted can be sent and kept.
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
  return 0;
}
