// The names are those that a batch script finds; see cox-environment(7).
#include "cmds/alloc/surroundings.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "model/slurm_variables.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

constexpr std::string_view cluster_name = "COX_CLUSTER";
// This command runs where the outer job's directory is. Beside TMPDIR it tells the steps, which run
// elsewhere, that this was not the user's.
constexpr std::string_view directory_name = "COX_TMPDIR";
constexpr std::array<std::string_view, 3> outer_prefixes = {"COX_", "SLURM_", "PMI"};

bool is_from_outer_job(std::string_view entry) {
  const std::string_view name = entry.substr(0, entry.find('='));
  if (name == cluster_name || name == directory_name) return false;
  return std::ranges::any_of(outer_prefixes,
                             [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// Where the command runs may not be where a relative path was meant.
std::string address_text(const std::string& cluster) {
  std::error_code failed;
  if (!std::filesystem::exists(cluster, failed)) return cluster;
  const auto path = std::filesystem::absolute(cluster, failed);
  return failed ? cluster : path.string();
}

/// What programs of Slurm's world look for.
std::vector<std::string> slurm_variables(const wire::JobView& view) {
  const auto request = wire::take(view.request());
  if (!request) return {};
  SlurmJob job;
  job.job = JobId{view.job()};
  job.request = &*request;
  job.partition = view.partition();
  job.cluster = view.cluster();
  job.submit_directory = request->common->submit_directory.empty()
                             ? request->common->directory
                             : request->common->submit_directory;
  job.restarts = view.attempt() == 0 ? 0 : view.attempt() - 1;
  for (const wire::NodeShareView& share : view.shares()) {
    job.nodes.push_back(share.node());
    job.tasks.push_back(share.tasks());
    if (share.cpus() != 0) job.cpus.push_back(share.cpus());
  }
  if (job.cpus.size() != job.nodes.size()) job.cpus.clear();
  if (!view.shares().empty()) {
    for (const std::int64_t mib : view.shares(0).memory_mib()) job.memory_mib += mib;
  }
  return slurm_job_variables(job);
}

}  // namespace

std::vector<std::string> allocation_environment(const std::vector<std::string>& environment,
                                                const wire::JobView& job,
                                                const std::string& cluster) {
  std::vector<std::string> kept;
  for (const std::string& entry : environment) {
    const bool is_replaced = !cluster.empty() && entry.starts_with("COX_CLUSTER=");
    if (!is_replaced && !is_from_outer_job(entry)) kept.push_back(entry);
  }
  const auto add = [&kept](const char* name, const std::string& value) {
    kept.push_back(std::string(name) + "=" + value);
  };
  const wire::JobRequest& request = job.request();
  const std::uint32_t cpus =
      request.components().empty() ? 1 : request.components(0).cpus_per_task();
  add("COX_JOB_ID", std::to_string(job.job()));
  add("COX_JOB_NAME", job.name());
  add("COX_ATTEMPT", std::to_string(job.attempt()));
  add("COX_NNODES", std::to_string(job.nodes()));
  add("COX_NODELIST", job.node_list());
  add("COX_NTASKS", std::to_string(std::max(job.tasks(), 1U)));
  add("COX_CPUS_PER_TASK", std::to_string(std::max(cpus, 1U)));
  add("COX_SUBMIT_DIR",
      request.submit_directory().empty() ? request.directory() : request.submit_directory());
  if (!cluster.empty()) add("COX_CLUSTER", address_text(cluster));
  for (std::string& variable : slurm_variables(job)) kept.push_back(std::move(variable));
  return kept;
}

}  // namespace cox::cmds
