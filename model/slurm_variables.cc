// One function per group of the table in man/cox-environment.7.
#include "model/slurm_variables.h"

#include <algorithm>
#include <numeric>

#include "common/node_list.h"
#include "common/text.h"

namespace cox {
namespace {

class Variables {
 public:
  void add(const char* name, const std::string& value) {
    all_.push_back(std::string(name) + "=" + value);
  }

  void add(const char* name, std::int64_t value) { add(name, std::to_string(value)); }

  void add_if(bool is_given, const char* name, const std::string& value) {
    if (is_given) add(name, value);
  }

  std::vector<std::string> take() { return std::move(all_); }

 private:
  std::vector<std::string> all_;
};

void add_identity(const SlurmJob& job, Variables* to) {
  const JobCommon& common = *job.request->common;
  const std::string id = std::to_string(job.job.value);
  to->add("SLURM_JOB_ID", id);
  to->add("SLURM_JOBID", id);
  to->add("SLURM_JOB_NAME", job.request->name);
  to->add_if(!job.partition.empty(), "SLURM_JOB_PARTITION", job.partition);
  to->add("SLURM_JOB_USER", common.user.name);
  to->add("SLURM_JOB_UID", common.user.uid);
  to->add("SLURM_JOB_GID", common.user.gid);
  to->add_if(!common.account.empty(), "SLURM_JOB_ACCOUNT", common.account);
  to->add_if(!common.qos.empty(), "SLURM_JOB_QOS", common.qos);
  to->add_if(!job.cluster.empty(), "SLURM_CLUSTER_NAME", job.cluster);
  to->add_if(!job.submit_directory.empty(), "SLURM_SUBMIT_DIR", job.submit_directory);
  to->add_if(!common.submit_host.empty(), "SLURM_SUBMIT_HOST", common.submit_host);
  to->add_if(job.restarts > 0, "SLURM_RESTART_COUNT", std::to_string(job.restarts));
}

/// Scripts tell by these whether a number was asked for.
bool asks_tasks(const Component& part) {
  return part.tasks != 0 || part.tasks_per_node != 0;
}

/// Where no tasks were asked for, launchers start as many as fit.
std::vector<unsigned> tasks_shown(const SlurmJob& job, const Component& part) {
  if (asks_tasks(part) || job.cpus.empty()) return job.tasks;
  std::vector<unsigned> shown;
  for (const unsigned cpus : job.cpus) {
    shown.push_back(std::max(cpus / std::max(part.cpus_per_task, 1U), 1U));
  }
  return shown;
}

void add_shape(const SlurmJob& job, const Component& part, Variables* to) {
  const std::string nodes = fold_node_list(job.nodes);
  to->add("SLURM_JOB_NODELIST", nodes);
  to->add("SLURM_NODELIST", nodes);
  to->add("SLURM_NODE_ALIASES", "(null)");
  to->add("SLURM_JOB_NUM_NODES", static_cast<std::int64_t>(job.nodes.size()));
  to->add("SLURM_NNODES", static_cast<std::int64_t>(job.nodes.size()));
  to->add_if(!job.cpus.empty(), "SLURM_JOB_CPUS_PER_NODE", fold_counts(job.cpus));
  to->add("SLURM_TASKS_PER_NODE", fold_counts(tasks_shown(job, part)));
  if (asks_tasks(part)) {
    const unsigned tasks = std::accumulate(job.tasks.begin(), job.tasks.end(), 0U);
    to->add("SLURM_NTASKS", tasks);
    to->add("SLURM_NPROCS", tasks);
  }
  if (part.tasks_per_node != 0) to->add("SLURM_NTASKS_PER_NODE", part.tasks_per_node);
  if (part.cpus_per_task != 0) to->add("SLURM_CPUS_PER_TASK", part.cpus_per_task);
}

void add_memory_and_devices(const SlurmJob& job, const Component& part, Variables* to) {
  if (part.memory_per_cpu_mib > 0) {
    to->add("SLURM_MEM_PER_CPU", part.memory_per_cpu_mib);
  } else if (part.memory_per_node_mib > 0) {
    to->add("SLURM_MEM_PER_NODE", part.memory_per_node_mib);
  } else if (job.memory_mib > 0) {
    to->add("SLURM_MEM_PER_NODE", job.memory_mib);
  }
  std::vector<std::string> gpus;
  std::int64_t count = 0;
  for (const DeviceRequest& device : part.devices) {
    if (device.name != "gpu") continue;
    count += device.count;
    gpus.push_back((device.type.empty() ? "" : device.type + ":") + std::to_string(device.count));
  }
  if (gpus.empty()) return;
  to->add("SLURM_GPUS_PER_NODE", join(gpus, ","));
  to->add("SLURM_GPUS_ON_NODE", count);
}

}  // namespace

std::vector<std::string> slurm_job_variables(const SlurmJob& job) {
  static const Component none;
  const auto& components = job.request->common->components;
  const Component& part = components.empty() ? none : components.front();
  Variables variables;
  add_identity(job, &variables);
  add_shape(job, part, &variables);
  add_memory_and_devices(job, part, &variables);
  return variables.take();
}

std::string cpu_masks(const std::vector<std::string>& lists) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::vector<std::string> masks;
  for (const std::string& list : lists) {
    std::vector<unsigned> nibbles;
    for (const std::string_view range : split(list, ',')) {
      const std::size_t dash = range.find('-');
      const auto first = parse_u64(range.substr(0, dash));
      const auto last = dash == std::string_view::npos ? first : parse_u64(range.substr(dash + 1));
      if (!first || !last || *last < *first || *last > 65'535) continue;
      nibbles.resize(std::max<std::size_t>(nibbles.size(), *last / 4 + 1));
      for (std::uint64_t cpu = *first; cpu <= *last; ++cpu) nibbles[cpu / 4] |= 1U << (cpu % 4);
    }
    std::string mask;
    for (const unsigned nibble : nibbles) mask.insert(mask.begin(), digits[nibble]);
    masks.push_back("0x" + (mask.empty() ? "0" : mask));
  }
  return join(masks, ",");
}

}  // namespace cox
