// See test_only.h.
#include "cmds/slurm/test_only.h"

#include <algorithm>

#include "cmds/client/submission.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"

namespace cox::cmds::slurm {
namespace {

constexpr std::string_view start_name = "expected start in partition ";

/// The partition in which it begins first.
struct Start {
  std::string partition;
  std::int64_t at_us = 0;
};

Start first_start(const wire::Explanation& verdict) {
  Start first;
  for (const wire::Check& check : verdict.checks()) {
    if (!check.passed() || !check.name().starts_with(start_name)) continue;
    const auto at = wall_now().us + static_cast<std::int64_t>(check.amount()) * 1'000'000;
    if (first.at_us != 0 && first.at_us <= at) continue;
    first = {check.name().substr(start_name.size()), at};
  }
  return first;
}

std::uint64_t processors(const wire::JobRequest& request) {
  if (request.components().empty()) return 1;
  const wire::Component& part = request.components(0);
  const std::uint64_t per_node = std::max(part.tasks_per_node(), 1U);
  const std::uint64_t tasks = std::max<std::uint64_t>(part.tasks(), part.nodes_min() * per_node);
  return tasks * std::max(part.cpus_per_task(), 1U);
}

Result<std::string> default_partition(Session& session) {
  wire::ClientRequest request;
  request.mutable_list_partitions();
  const auto reply = session.ask_surely(std::move(request));
  if (!reply) return Failure(reply.error());
  for (const wire::PartitionView& partition : reply->partitions().partitions()) {
    if (partition.is_default()) return partition.name();
  }
  return std::string("(null)");
}

}  // namespace

Result<int> test_only(wire::Submit submit, const Words& own, const std::string& refusal) {
  auto session = open_session();
  if (!session) return Failure(session.error());
  if (const auto cluster = check_clusters(*session, own); !cluster) return Failure(cluster.error());
  submit.set_attach(false);
  submit.set_dry_run(true);
  const wire::JobRequest asked = submit.request();
  wire::ClientRequest request;
  *request.mutable_submit() = std::move(submit);
  const auto reply = session->ask_surely(std::move(request));
  if (!reply) {
    const auto text = slurm_text(reply.error());
    return fail(reply.error().code, refusal + text.value_or(reply.error().message));
  }
  const wire::Explanation& verdict = reply->submitted().verdict();
  Start start = first_start(verdict);
  if (start.partition.empty()) {
    const auto name = asked.partitions().empty() ? default_partition(*session)
                                                 : Result<std::string>(asked.partitions(0));
    if (!name) return Failure(name.error());
    start = {*name, verdict.nodes().empty() ? 0 : wall_now().us};
  }
  say("Job " + std::to_string(reply->submitted().job()) + " to start at " +
      date(start.at_us, "Unknown") + " using " + std::to_string(processors(asked)) +
      " processors on nodes " + (verdict.nodes().empty() ? "(null)" : verdict.nodes()) +
      " in partition " + start.partition);
  return 0;
}

}  // namespace cox::cmds::slurm
