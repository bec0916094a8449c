// The file of an attempt as a later daemon finds it.
#include "noded/plans.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto found = noded::parse_attempt_file(std::string(fuzz::text_of(data, size)));
  if (!found) {
    fuzz::require_readable(found.error());
    return 0;
  }
  require(found->plan.key().job.value != 0, "an attempt of no job");
  const auto again =
      noded::parse_attempt_file(noded::attempt_file_text(found->plan, found->released));
  require(again && again->released == found->released, "a file is not read back");
  require(again->plan.key() == found->plan.key() && again->plan.user == found->plan.user,
          "a file says something else");
  noded::StepPlace place;
  if (const auto step = again->plan.initial()) {
    require(!noded::step_start_bytes(again->plan, *step, place).empty(), "no start message");
  }
  return 0;
}
