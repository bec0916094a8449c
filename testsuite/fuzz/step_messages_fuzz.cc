// What a supervisor is told by its daemon, and what a daemon is told by a supervisor.
#include "noded/stepd/environment.h"
#include "noded/stepd/files.h"
#include "noded/stepd/plan.h"
#include "noded/translate.h"
#include "testsuite/fuzz/fuzz.h"
#include "wire/step.pb.h"

using namespace cox;
using fuzz::require;

namespace {

void check_environment(const stepd::StepPlan& plan) {
  const auto environment = stepd::task_environment(plan, stepd::common_environment(plan), 0);
  for (const std::string& entry : environment) {
    require(entry.find('\0') == std::string::npos, "a variable with a NUL byte");
    require(entry.find('=') != std::string::npos && entry.front() != '=', "no NAME=VALUE");
  }
}

void check_start(const wire::StepStart& start) {
  const auto plan = stepd::check_plan(start);
  if (!plan) return fuzz::require_readable(plan.error());
  require(plan->here().tasks > 0, "a step without tasks");
  require(plan->directory.front() == '/', "a directory that is not absolute");
  if (plan->here().tasks > 16) return;
  check_environment(*plan);
  const auto paths = stepd::task_paths(*plan);
  if (!paths) return fuzz::require_readable(paths.error());
  require(paths->size() == plan->here().tasks, "paths of other tasks");
  for (const stepd::TaskPaths& task : *paths) {
    require(task.output.find('\0') == std::string::npos, "a path with a NUL byte");
    require(task.output.empty() || task.output.front() == '/', "a path that is not absolute");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string frame(fuzz::text_of(data, size));
  const auto status = noded::receive_status(frame);
  if (!status) fuzz::require_readable(status.error());
  wire::StepMessage message;
  if (message.ParseFromString(frame) && message.has_start()) check_start(message.start());
  return 0;
}
