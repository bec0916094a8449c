// How tasks ended and what they used, as the kernel counted it.
#pragma once

#include <cstdint>
#include <string>

#include "model/job_state.h"

namespace cox {

struct Usage {
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t memory_peak_bytes = 0;  // the kernel's own high-water mark, not a sample
  friend bool operator==(const Usage&, const Usage&) = default;
};

/// `b` beside `a` in time: sums of cpu time, the larger peak.
constexpr Usage combined(const Usage& a, const Usage& b) {
  return Usage{
      a.user_us + b.user_us, a.system_us + b.system_us,
      a.memory_peak_bytes > b.memory_peak_bytes ? a.memory_peak_bytes : b.memory_peak_bytes};
}

/// The result of a step on one node, or of all its nodes merged (highest exit status wins).
struct StepResult {
  EndCause cause = EndCause::finished;
  std::int32_t exit_code = 0;
  std::int32_t signal = 0;
  std::uint32_t tasks_failed = 0;
  Usage usage;
  std::string detail;  // for people: "open /x/y.out: permission denied"
  friend bool operator==(const StepResult&, const StepResult&) = default;
};

}  // namespace cox
