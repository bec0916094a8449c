// From the ends of single tasks to the result of a step on a node, and of all its nodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/outcome.h"

namespace cox::stepd {

/// How one task ended.
struct TaskEnd {
  std::uint32_t task = 0;  // rank in the step
  std::int32_t exit_code = 0;
  std::int32_t signal = 0;
  bool ended_by_us = false;  // after we had begun to end the step

  bool failed() const { return exit_code != 0 || signal != 0; }
};

/// 128 + signal for a signal, as shells have it.
std::int32_t exit_status(const StepResult& result);

/// The highest exit status wins. Tasks that we ended because another one failed say nothing: the
/// one that failed does.
StepResult merge_tasks(const std::vector<TaskEnd>& ends, EndCause cause);

/// Results of two nodes as one.
StepResult merge_nodes(const StepResult& a, const StepResult& b);

}  // namespace cox::stepd
