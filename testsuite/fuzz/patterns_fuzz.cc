// File patterns: what they become stays a bounded text, whatever the job is called.
#include "model/output_pattern.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::string_view job_name = input.text();
  const std::string_view pattern = input.rest();
  PatternValues values;
  values.job = JobId{12};
  values.node = "n1";
  values.user = "ada";
  values.job_name = job_name;
  const bool per_task = is_per_task(pattern);
  const auto first = expand_pattern(pattern, values);
  if (!first) {
    fuzz::require_readable(first.error());
    return 0;
  }
  require(first->size() <= output_path_bytes_max, "a path over the limit");
  values.task = 7;
  const auto second = expand_pattern(pattern, values);
  require(second.has_value(), "another task cannot be named");
  require(per_task || *first == *second, "tasks differ in a pattern without them");
  return 0;
}
