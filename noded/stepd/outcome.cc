// Merging of results.
#include "noded/stepd/outcome.h"

#include <algorithm>
#include <array>

namespace cox::stepd {
namespace {

std::int32_t status_of(std::int32_t exit_code, std::int32_t signal) {
  return signal != 0 ? 128 + signal : exit_code;
}

// When nodes tell different causes, the one that explains the others wins.
int weight(EndCause cause) {
  constexpr std::array order = {
      EndCause::none,     EndCause::finished,      EndCause::bad_exit,        EndCause::client_gone,
      EndCause::requeued, EndCause::launch_failed, EndCause::out_of_memory,   EndCause::time_limit,
      EndCause::deadline, EndCause::cancelled,     EndCause::supervisor_lost, EndCause::node_lost};
  return static_cast<int>(std::find(order.begin(), order.end(), cause) - order.begin());
}

}  // namespace

std::int32_t exit_status(const StepResult& result) {
  return status_of(result.exit_code, result.signal);
}

StepResult merge_tasks(const std::vector<TaskEnd>& ends, EndCause cause) {
  StepResult result;
  result.cause = cause;
  const bool one_explains = cause == EndCause::bad_exit || cause == EndCause::launch_failed;
  for (const TaskEnd& end : ends) {
    if (!end.failed() || (end.ended_by_us && one_explains)) {
      continue;
    }
    ++result.tasks_failed;
    if (status_of(end.exit_code, end.signal) > exit_status(result)) {
      result.exit_code = end.exit_code;
      result.signal = end.signal;
    }
  }
  return result;
}

StepResult merge_nodes(const StepResult& a, const StepResult& b) {
  StepResult merged = exit_status(b) > exit_status(a) ? b : a;
  merged.cause = weight(b.cause) > weight(a.cause) ? b.cause : a.cause;
  merged.detail = weight(b.cause) > weight(a.cause) || a.detail.empty() ? b.detail : a.detail;
  if (merged.detail.empty()) {
    merged.detail = a.detail;
  }
  merged.tasks_failed = a.tasks_failed + b.tasks_failed;
  merged.usage = combined(a.usage, b.usage);
  return merged;
}

}  // namespace cox::stepd
