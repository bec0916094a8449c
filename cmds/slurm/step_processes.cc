// Puts processes together to tasks, and tasks to steps.
#include "cmds/slurm/step_processes.h"

#include <algorithm>
#include <utility>

namespace cox::cmds::slurm {

std::vector<std::string> StepUse::nodes() const {
  std::vector<std::string> names;
  for (const TaskUse& task : tasks) {
    if (std::ranges::find(names, task.node) == names.end()) names.push_back(task.node);
  }
  return names;
}

Result<std::vector<StepUse>> ask_step_uses(Session& session,
                                           const JobName& name,
                                           std::vector<std::string>* silent) {
  wire::ClientRequest request;
  wire::ListProcesses& ask = *request.mutable_list_processes();
  if (name.elements.empty()) {
    ask.set_job(name.job.value);
  } else {
    put_elements(name, ask.mutable_element());
  }
  if (name.step) ask.set_step(name.step->value);
  const auto reply = session.ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  std::map<std::uint32_t, std::map<std::uint32_t, TaskUse>> found;
  for (const wire::Process& process : reply->processes().processes()) {
    // A script is no task, and in Slurm's lists is one.
    if (!process.has_task() && StepId{process.step()} != step_batch) continue;
    TaskUse& task = found[process.step()][process.task()];
    task.task = process.task();
    task.node = process.node();
    task.pids.push_back(process.pid());
    task.cpu_us += process.cpu_us();
    task.memory_bytes += process.memory_bytes();
  }
  for (const wire::NodeSilence& one : reply->processes().silent()) {
    silent->push_back("node " + one.node() + " " + one.why());
  }
  std::vector<StepUse> steps;
  for (auto& [step, tasks] : found) {
    StepUse use{StepId{step}, {}};
    for (auto& [rank, task] : tasks) use.tasks.push_back(std::move(task));
    // The script's before the others, whose numbers are lower.
    const auto place = StepId{step} == step_batch ? steps.begin() : steps.end();
    steps.insert(place, std::move(use));
  }
  return steps;
}

}  // namespace cox::cmds::slurm
