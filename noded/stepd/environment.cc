// Removal of an outer job's variables, and ours in their place.
#include "noded/stepd/environment.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "common/node_list.h"
#include "common/text.h"
#include "noded/stepd/slurm_environment.h"

namespace cox::stepd {
namespace {

// Names an outer job or launcher sets. A user's OMPI_MCA_ settings are kept; these few of them are
// written by mpirun and by us for the tasks of one step, and would break an mpirun further in.
constexpr std::array<std::string_view, 4> outer_prefixes = {"COX_", "SLURM_", "PMI", "OMPI_"};
constexpr std::array<std::string_view, 2> kept_prefixes = {"OMPI_MCA_", "OMPI_ALLOW_RUN_AS_ROOT"};
constexpr std::array<std::string_view, 8> outer_settings = {"OMPI_MCA_ess",
                                                            "OMPI_MCA_schizo",
                                                            "OMPI_MCA_orte_ess_",
                                                            "OMPI_MCA_orte_hnp_uri",
                                                            "OMPI_MCA_orte_local_daemon_uri",
                                                            "OMPI_MCA_orte_num_nodes",
                                                            "OMPI_MCA_orte_externally_bound",
                                                            "OMPI_MCA_orte_top_session_dir"};

template <class List>
bool starts_with_one_of(std::string_view name, const List& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

// What a job's export was asked to be goes on to the steps of its script.
constexpr std::string_view kept_export = "SLURM_EXPORT_ENV";

bool is_from_outer_job(std::string_view name) {
  if (name == kept_export) {
    return false;
  }
  if (starts_with_one_of(name, kept_prefixes)) {
    return starts_with_one_of(name, outer_settings);
  }
  return starts_with_one_of(name, outer_prefixes);
}

// The GPUs named in what another job exported are that job's.
bool is_of_another_job(const StepPlan& plan, const std::vector<std::string_view>& exported) {
  const std::string own = "COX_JOB_ID=" + std::to_string(plan.key.job.value);
  return std::any_of(exported.begin(), exported.end(), [&](std::string_view entry) {
    return entry.starts_with("COX_JOB_ID=") && entry != own;
  });
}

// What OpenMP is told. Beside what we set stands the same under COX_NAME, so that it is known
// again, as not the user's, where a job's environment is exported.
constexpr std::string_view threads = "OMP_NUM_THREADS", places = "OMP_PLACES";
constexpr std::string_view proc_bind = "OMP_PROC_BIND";
// Of the node and job where it was set: elsewhere it does not exist, or is shared by mistake.
constexpr std::string_view temporary = "TMPDIR";
// With one of these the user has placed the threads already.
constexpr std::array<std::string_view, 5> thread_placers = {places, proc_bind, "GOMP_CPU_AFFINITY",
                                                            "KMP_AFFINITY", "KMP_HW_SUBSET"};

std::string mark_of(std::string_view name) {
  return "COX_" + std::string(name);
}

bool is_ours(const std::vector<std::string_view>& exported, std::string_view name) {
  const auto value_of = [&](std::string_view wanted) {
    for (const std::string_view entry : exported) {
      if (entry.starts_with(wanted) && entry.substr(wanted.size()).starts_with('=')) {
        return entry.substr(wanted.size());
      }
    }
    return std::string_view();
  };
  return !value_of(name).empty() && value_of(name) == value_of(mark_of(name));
}

// Names are kept once, the first one wins as with getenv.
std::vector<std::string> users_own(const StepPlan& plan) {
  std::vector<std::string> kept;
  const auto exported = split(plan.environment, '\0');
  std::set<std::string_view> names;
  if (is_of_another_job(plan, exported)) {
    names = {"CUDA_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"};
  }
  for (const std::string_view name : {threads, places, proc_bind, temporary}) {
    if (is_ours(exported, name)) names.insert(name);
  }
  for (const std::string_view entry : exported) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      continue;
    }
    const std::string_view name = entry.substr(0, equals);
    if (!is_from_outer_job(name) && names.insert(name).second) {
      kept.emplace_back(entry);
    }
  }
  return kept;
}

bool names_variable(const std::string& entry, const std::string& name) {
  return entry.size() > name.size() && entry[name.size()] == '=' &&
         entry.compare(0, name.size(), name) == 0;
}

void set_if_unset(std::vector<std::string>* environment,
                  const std::string& name,
                  const std::string& value) {
  if (!value.empty() && find_variable(*environment, name) == nullptr) {
    environment->push_back(name + "=" + value);
  }
}

void set_marked(std::vector<std::string>* environment,
                std::string_view name,
                const std::string& value) {
  set_variable(environment, std::string(name), value);
  set_variable(environment, mark_of(name), value);
}

// Threads get places of their own only where the user said how many there are: a launcher's one
// task has all cores, and each program that it starts would put its threads on the first of them.
void place_threads(const StepPlan& plan,
                   std::uint32_t local_task,
                   std::vector<std::string>* environment) {
  const bool is_bound = local_task < plan.task_cpus.size() && !plan.task_cpus[local_task].empty();
  if (!is_bound || !plan.cpus_per_task_given) {
    return;
  }
  for (const std::string_view name : thread_placers) {
    if (find_variable(*environment, std::string(name)) != nullptr) {
      return;
    }
  }
  const bool has_cores =
      local_task < plan.task_cores.size() && plan.task_cores[local_task] >= plan.cpus_per_task;
  set_marked(environment, places, has_cores ? "cores" : "threads");
  set_marked(environment, proc_bind, "close");
}

void add_user(const StepPlan& plan, std::vector<std::string>* environment) {
  const UserIdentity& user = plan.job.common->user;
  set_if_unset(environment, "HOME", user.home);
  set_if_unset(environment, "USER", user.name);
  set_if_unset(environment, "LOGNAME", user.name);
  set_if_unset(environment, "SHELL", user.shell);
  set_if_unset(environment, "PATH", "/usr/local/bin:/usr/bin:/bin");
  set_if_unset(environment, std::string(temporary), plan.tmp_dir);
  if (plan.cpus_per_task_given && find_variable(*environment, std::string(threads)) == nullptr) {
    const std::string count = std::to_string(plan.cpus_per_task);
    set_marked(environment, threads, count);
  }
}

// All tasks of a node see all the job's GPUs there: tasks that see one each cannot copy from one to
// another.
void set_gpus(const StepPlan& plan, std::vector<std::string>* environment) {
  if (plan.hides_gpus) {
    // What the batch script exported names the job's.
    set_variable(environment, "CUDA_VISIBLE_DEVICES", "");
    set_variable(environment, "ROCR_VISIBLE_DEVICES", "");
  }
  if (!plan.nvidia_gpus.empty()) {
    set_variable(environment, "CUDA_VISIBLE_DEVICES", plan.nvidia_gpus);
    // CUDA would else number the fastest first.
    set_variable(environment, "CUDA_DEVICE_ORDER", "PCI_BUS_ID");
  }
  if (!plan.amd_gpus.empty()) {
    set_variable(environment, "ROCR_VISIBLE_DEVICES", plan.amd_gpus);
  }
}

std::vector<std::string> node_names(const StepPlan& plan) {
  if (plan.is_batch) {
    return plan.job_nodes;
  }
  std::vector<std::string> names;
  names.reserve(plan.nodes.size());
  for (const PlanNode& node : plan.nodes) {
    names.push_back(node.name);
  }
  return names;
}

void add_element(const StepPlan& plan, std::vector<std::string>* environment) {
  const PlanElement& element = plan.element;
  const auto add = [&](const char* name, std::uint64_t value) {
    environment->push_back(std::string(name) + "=" + std::to_string(value));
  };
  add("COX_ARRAY_ID", element.array.value);
  add("COX_ARRAY_INDEX", element.index);
  add("SLURM_ARRAY_JOB_ID", element.array.value);
  add("SLURM_ARRAY_TASK_ID", element.index);
  add("SLURM_ARRAY_TASK_COUNT", element.count);
  add("SLURM_ARRAY_TASK_MIN", element.first);
  add("SLURM_ARRAY_TASK_MAX", element.last);
  add("SLURM_ARRAY_TASK_STEP", element.step);
}

// What a script that starts again can find out of why.
void add_before(const StepPlan& plan, std::vector<std::string>* environment) {
  const PlanBefore& before = plan.before;
  environment->push_back("COX_RESTART_COUNT=" + std::to_string(plan.key.attempt.value - 1));
  if (before.cause == EndCause::none) {
    return;
  }
  environment->push_back("COX_REQUEUE_CAUSE=" + std::string(before.cause == EndCause::finished
                                                                ? "exit_code"
                                                                : to_text(before.cause)));
  environment->push_back("COX_REQUEUE_EXIT_CODE=" + std::to_string(before.exit_code));
  environment->push_back("COX_REQUEUE_REASON=" + before.why);
  environment->push_back("COX_RETRY_COUNT=" + std::to_string(before.retries));
}

}  // namespace

const char* find_variable(const std::vector<std::string>& environment, const std::string& name) {
  for (const std::string& entry : environment) {
    if (names_variable(entry, name)) {
      return entry.c_str() + name.size() + 1;
    }
  }
  return nullptr;
}

void set_variable(std::vector<std::string>* environment,
                  const std::string& name,
                  const std::string& value) {
  for (std::string& entry : *environment) {
    if (names_variable(entry, name)) {
      entry = name + "=" + value;
      return;
    }
  }
  environment->push_back(name + "=" + value);
}

std::vector<std::string> common_environment(const StepPlan& plan) {
  std::vector<std::string> out = users_own(plan);
  add_user(plan, &out);
  set_gpus(plan, &out);
  // A batch script sees the job as a whole, a step's tasks their step.
  const auto nodes = node_names(plan);
  const auto add = [&](const char* name, const std::string& value) {
    out.push_back(std::string(name) + "=" + value);
  };
  add("COX_JOB_ID", std::to_string(plan.key.job.value));
  if (plan.element.array != JobId{}) add_element(plan, &out);
  for (std::string& variable : slurm_environment(plan)) out.push_back(std::move(variable));
  add("COX_JOB_NAME", plan.job.name);
  add("COX_STEP_ID", step_name(plan.key.step));
  add("COX_NTASKS", std::to_string(plan.is_batch ? std::max(plan.job_tasks, 1U) : plan.tasks));
  add("COX_NNODES", std::to_string(nodes.size()));
  add("COX_NODELIST", fold_node_list(nodes));
  add("COX_NODE_RANK", std::to_string(plan.node_index));
  add("COX_NODE_NAME", plan.node_name);
  add("COX_CPUS_PER_TASK", std::to_string(plan.cpus_per_task));
  add("COX_ATTEMPT", std::to_string(plan.key.attempt.value));
  add_before(plan, &out);
  add("COX_SUBMIT_DIR", plan.submit_dir.empty() ? plan.directory : plan.submit_dir);
  add("COX_TMPDIR", plan.tmp_dir);  // marks ours
  add("COX_CLUSTER", plan.controller);
  return out;
}

std::vector<std::string> task_environment(const StepPlan& plan,
                                          const std::vector<std::string>& common,
                                          std::uint32_t local_task) {
  std::vector<std::string> out;
  out.reserve(common.size() + 24);
  out = common;
  out.push_back("COX_RANK=" + std::to_string(plan.rank_of(local_task)));
  out.push_back("COX_LOCAL_RANK=" + std::to_string(local_task));
  if (local_task < plan.task_gpu.size() && plan.task_gpu[local_task] != 0) {
    out.push_back("COX_NEAREST_GPU=" + std::to_string(plan.task_gpu[local_task] - 1));
  }
  place_threads(plan, local_task, &out);
  for (std::string& variable : slurm_task_environment(plan, local_task)) {
    out.push_back(std::move(variable));
  }
  return out;
}

void forbid_open_mpi_singletons(std::vector<std::string>* environment) {
  set_variable(environment, "OMPI_MCA_schizo", "^orte");
  set_variable(environment, "OMPI_MCA_ess", "pmi");
}

void add_open_mpi_environment(const StepPlan& plan,
                              std::uint32_t cpus_online,
                              std::vector<std::string>* environment) {
  forbid_open_mpi_singletons(environment);
  set_if_unset(environment, "OMPI_MCA_hwloc_base_binding_policy", "none");
  set_variable(environment, "OMPI_MCA_orte_externally_bound", "1");
  // Nodes without an address of their own share this machine's processors.
  std::uint64_t beside_us = 0;
  for (const PlanNode& node : plan.nodes) {
    beside_us += node.address.empty() ? node.tasks : 0;
  }
  const std::uint64_t tasks = std::max<std::uint64_t>(beside_us, plan.here().tasks);
  if (tasks > cpus_online || (plan.cores != 0 && plan.here().tasks > plan.cores)) {
    set_if_unset(environment, "OMPI_MCA_mpi_yield_when_idle", "1");
  }
}

}  // namespace cox::stepd
