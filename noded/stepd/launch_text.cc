// Launching in words: lists of cpus as they come, failures of a child as people read them.
#include <sched.h>

#include <cstring>
#include <string_view>

#include "common/text.h"
#include "noded/stepd/launch.h"
#include "platform/file.h"

namespace cox::stepd {

Result<std::vector<unsigned>> parse_cpu_list(const std::string& text) {
  std::vector<unsigned> cpus;
  if (text.empty()) {
    return cpus;
  }
  for (const std::string_view part : split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = parse_u64(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_u64(part.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= CPU_SETSIZE) {
      return fail(Code::bad_usage, "list of cpus " + quoted(text));
    }
    for (auto cpu = *first; cpu <= *last; ++cpu) {
      cpus.push_back(static_cast<unsigned>(cpu));
    }
  }
  return cpus;
}

std::string to_text(const LaunchReport& report, const StepPlan& plan, const std::string& program) {
  if (report.text[0] != '\0') {
    return std::string(report.text, ::strnlen(report.text, sizeof report.text));
  }
  const auto system_text = [&](const std::string& doing) {
    return platform::system_error(doing, report.number).message;
  };
  switch (report.stage) {
    case LaunchStage::container:
      return system_text("enter container " + plan.container);
    case LaunchStage::descriptors:
      return system_text("pass descriptors to task");
    case LaunchStage::session:
      return system_text("begin a session");
    case LaunchStage::identity:
      return system_text("become user " + std::to_string(plan.job.common->user.uid));
    case LaunchStage::binding:
      return system_text("bind task to cpus " + plan.task_cpus[report.local_task]);
    case LaunchStage::directory:
      return system_text("enter directory " + plan.directory);
    case LaunchStage::exec:
      break;
  }
  return report.interpreter_missing != 0 ? "exec " + program + ": its interpreter does not exist"
                                         : system_text("exec " + program);
}

}  // namespace cox::stepd
