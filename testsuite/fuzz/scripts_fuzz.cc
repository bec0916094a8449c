// Scripts with directives: read as the commands read them, and checked as the controller does.
#include "cmds/client/directives.h"
#include "cmds/client/request_options.h"
#include "ctld/translate/client_request.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

namespace {

constexpr Instant now{1'700'000'000'000'000};

void check_directives(std::string_view script) {
  const auto directives = cmds::read_directives(script);
  if (!directives) return fuzz::require_readable(directives.error());
  std::size_t line = 0;
  for (const cmds::Directive& directive : *directives) {
    require(directive.line > line, "lines are out of order");
    line = directive.line;
  }
}

void check_options(std::string_view script) {
  static const auto table = cmds::request_options();
  const auto options = cmds::directive_options(table, script, "job.sh");
  if (!options) return fuzz::require_readable(options.error());
  cmds::RequestDraft draft;
  for (const cmds::GivenOption& option : *options) {
    if (const auto applied = cmds::apply_option(option, now, &draft); !applied) {
      return fuzz::require_readable(applied.error());
    }
  }
  if (const auto done = cmds::complete(&draft); !done) fuzz::require_readable(done.error());
}

void check_scripts(std::string_view script) {
  const auto here = cmds::check_script(script, "job.sh");
  if (!here) fuzz::require_readable(here.error());
  const auto there = ctld::check_script(script);
  if (!there) fuzz::require_readable(there.error());
  // An empty script is the command's to refuse: to the controller it is none.
  require(here.has_value() == there.has_value(), "command and controller differ");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view script = fuzz::text_of(data, size);
  check_directives(script);
  check_options(script);
  check_scripts(script);
  return 0;
}
