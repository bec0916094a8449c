// A script is told of its job, a task of its step; see model/slurm_variables.h for the job's part.
#include "noded/stepd/slurm_environment.h"

#include <algorithm>
#include <filesystem>

#include "common/node_list.h"
#include "common/text.h"
#include "model/slurm_variables.h"
#include "noded/stepd/environment.h"

namespace cox::stepd {
namespace {

// Launchers give up on longer values, and the kernel on much longer ones: such a list is left out.
constexpr std::size_t value_bytes_max = 32'000;

using Environment = std::vector<std::string>;

SlurmJob job_of(const StepPlan& plan) {
  SlurmJob job;
  job.job = plan.key.job;
  job.request = &plan.job;
  job.partition = plan.partition;
  job.cluster = plan.cluster;
  job.submit_directory = plan.submit_dir.empty() ? plan.directory : plan.submit_dir;
  job.nodes = plan.job_nodes;
  job.tasks = plan.node_tasks;
  job.cpus = plan.node_cpus;
  job.memory_mib = plan.memory_mib;
  job.restarts = plan.key.attempt.value - 1;
  return job;
}

void add(Environment* to, const char* name, std::uint64_t value) {
  to->push_back(std::string(name) + "=" + std::to_string(value));
}

void add_text(Environment* to, const char* name, const std::string& value) {
  if (value.size() <= value_bytes_max) to->push_back(std::string(name) + "=" + value);
}

std::string octal(std::uint32_t mask) {
  std::string text = "0000";
  for (std::size_t i = 4; i-- > 0; mask /= 8) text[i] = static_cast<char>('0' + mask % 8);
  return text;
}

std::string local_ranks(const StepPlan& plan) {
  std::vector<std::string> ranks;
  for (std::uint32_t i = 0; i < plan.here().tasks; ++i) {
    ranks.push_back(std::to_string(plan.rank_of(i)));
  }
  return join(ranks, ",");
}

void add_place(const StepPlan& plan, Environment* to) {
  add(to, "SLURM_CPUS_ON_NODE", plan.cpus);
  add(to, "SLURM_NODEID", plan.node_index);
  add_text(to, "SLURM_GTIDS", plan.is_batch ? "0" : local_ranks(plan));
  add_text(to, "SLURMD_NODENAME", plan.node_name);
  add_text(to, "SLURM_TOPOLOGY_ADDR", plan.node_name);
  add_text(to, "SLURM_TOPOLOGY_ADDR_PATTERN", "node");
  add_text(to, "SLURM_UMASK", octal(plan.job.common->umask));
  add(to, "SLURM_PRIO_PROCESS", 0);
  const std::string gpus = plan.nvidia_gpus.empty() ? plan.amd_gpus : plan.nvidia_gpus;
  if (gpus.empty()) return;
  add_text(to, plan.is_batch ? "SLURM_JOB_GPUS" : "SLURM_STEP_GPUS", gpus);
  const auto count = static_cast<std::uint64_t>(std::ranges::count(gpus, ',') + 1);
  set_variable(to, "SLURM_GPUS_ON_NODE", std::to_string(count));
}

/// The masks are the tasks' on this node.
void add_binding(const StepPlan& plan, Environment* to) {
  const bool is_bound =
      std::ranges::any_of(plan.task_cpus, [](const std::string& list) { return !list.empty(); });
  const std::string masks = is_bound ? cpu_masks(plan.task_cpus) : "";
  if (masks.size() > value_bytes_max) return;
  const std::string type = is_bound ? "mask_cpu:" : "none";
  add_text(to, "SLURM_CPU_BIND", "quiet," + type + masks);
  add_text(to, "SLURM_CPU_BIND_VERBOSE", "quiet");
  add_text(to, "SLURM_CPU_BIND_TYPE", type);
  add_text(to, "SLURM_CPU_BIND_LIST", masks);
}

/// Numbers of the step take the place of the job's.
void set_step(const StepPlan& plan, Environment* to) {
  std::vector<std::string> names;
  std::vector<unsigned> tasks;
  for (const PlanNode& node : plan.nodes) {
    names.push_back(node.name);
    tasks.push_back(node.tasks);
  }
  const std::string step = std::to_string(plan.key.step.value);
  add_text(to, "SLURM_STEP_ID", step);
  add_text(to, "SLURM_STEPID", step);
  add_text(to, "SLURM_STEP_NODELIST", fold_node_list(names));
  add(to, "SLURM_STEP_NUM_NODES", names.size());
  add(to, "SLURM_STEP_NUM_TASKS", plan.tasks);
  add_text(to, "SLURM_STEP_TASKS_PER_NODE", fold_counts(tasks));
  set_variable(to, "SLURM_NNODES", std::to_string(names.size()));
  set_variable(to, "SLURM_NTASKS", std::to_string(plan.tasks));
  set_variable(to, "SLURM_NPROCS", std::to_string(plan.tasks));
  set_variable(to, "SLURM_TASKS_PER_NODE", fold_counts(tasks));
  if (plan.cpus_per_task_given) {
    set_variable(to, "SLURM_CPUS_PER_TASK", std::to_string(plan.cpus_per_task));
  }
  add_text(to, "SLURM_DISTRIBUTION", plan.distribution);
  if (plan.label_output) add_text(to, "SLURM_LABELIO", "1");
}

}  // namespace

Environment slurm_environment(const StepPlan& plan) {
  Environment all = slurm_job_variables(job_of(plan));
  if (!plan.is_batch) {
    set_step(plan, &all);
    add_binding(plan, &all);
  } else {
    add_text(&all, "ENVIRONMENT", "BATCH");
  }
  add_place(plan, &all);
  return all;
}

Environment slurm_task_environment(const StepPlan& plan, std::uint32_t local_task) {
  Environment own;
  add(&own, "SLURM_PROCID", plan.rank_of(local_task));
  add(&own, "SLURM_LOCALID", local_task);
  own.push_back(std::string(task_pid_name) + "=0000000000");
  return own;
}

void append_to_path(const std::string& folder, Environment* environment) {
  const char* found = find_variable(*environment, "PATH");
  if (folder.empty() || found == nullptr) return;
  const std::string path = found;
  const auto folders = split(path, ':');
  if (std::ranges::find(folders, folder) != folders.end()) return;
  set_variable(environment, "PATH", path + ":" + folder);
}

std::string slurm_commands_beside(const std::string& own) {
  namespace fs = std::filesystem;
  std::error_code failed;
  const fs::path folder = fs::path(own).parent_path().parent_path() / "libexec/coxswain/slurm";
  return fs::exists(folder / "srun", failed) ? folder.string() : "";
}

}  // namespace cox::stepd
