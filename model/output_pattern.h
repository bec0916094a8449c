// File name patterns of jobs and steps: %j %J %A %a %N %n %t %s %u %x %%, with zero padding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "model/ids.h"

namespace cox {

/// The system takes no longer path.
inline constexpr std::size_t output_path_bytes_max = 4095;

/// Where the output of a batch job goes unless it says otherwise.
std::string default_output_pattern(bool is_element);

struct PatternValues {
  JobId job;
  StepId step = step_batch;
  JobId array_job;  // the job's own id when it is no array
  std::uint32_t array_index = 4294967294U;
  std::string_view node;  // short name
  std::uint32_t node_index = 0;
  std::uint32_t task = 0;
  std::string_view user;
  std::string_view job_name;
};

/// `\\` in the pattern stops replacing. error: bad_usage for padding over 10, an
/// unknown letter, or more than output_path_bytes_max
Result<std::string> expand_pattern(std::string_view pattern, const PatternValues& values);
/// True when the pattern differs per task, so that tasks cannot share one file.
bool is_per_task(std::string_view pattern);

}  // namespace cox
