// One task from fork to execve: container, session, identity, limits, binding, descriptors.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "noded/stepd/plan.h"
#include "platform/container.h"

namespace cox::stepd {

/// What differs between the tasks of a step. Descriptors stay the caller's.
struct TaskLaunch {
  std::uint32_t local_task = 0;
  const std::vector<std::string>* argv = nullptr;
  std::vector<std::string> environment;
  int input = -1, output = -1, error = -1;  // none may be -1 at launch
  bool has_terminal = false;                // the three are one, which controls its session
  int pmi = -1;                             // becomes pmi_descriptor; -1: there is none
};

/// Where a task finds its end of a PMI connection.
inline constexpr int pmi_descriptor = 4;

enum class LaunchStage : std::uint32_t {
  container,
  descriptors,
  session,
  identity,
  binding,
  directory,
  exec
};

/// What a child that fails before its program runs writes to the report pipe, in one piece.
struct LaunchReport {
  std::uint32_t local_task = 0;
  LaunchStage stage = LaunchStage::container;
  std::int32_t number = 0;  // errno
  std::uint32_t interpreter_missing = 0;
  char text[240] = {};  // instead of the errno's text, where not empty
};

/// Forks and executes. The child reports failures through `report_fd`, whose last copy closes when
/// all programs run; its exit code then is 126, or 127 for a program that was not found.
/// `containment` may be null: process groups, and tasks that end with this process.
/// is_threaded: this process has other threads, and the child needs a copy of its memory
/// error: internal when the system refuses a process
Result<pid_t> launch_task(const StepPlan& plan,
                          const TaskLaunch& launch,
                          platform::Containment* containment,
                          int report_fd,
                          bool is_threaded);

/// "exec ./solver: no such file or directory"
std::string to_text(const LaunchReport& report, const StepPlan& plan, const std::string& program);

/// "0-3,8" as numbers. error: bad_usage
Result<std::vector<unsigned>> parse_cpu_list(const std::string& text);

}  // namespace cox::stepd
