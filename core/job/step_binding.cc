// See step_binding.h.
#include "core/job/step_binding.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/job/layout.h"

namespace cox::core {
namespace {

std::string why_not(const Node& node, const NodeBinding& plan) {
  if (node.shares_machine) return "the node shares this machine with others";
  if (!node.is_thissystem) return "its topology is not this machine's";
  return plan.why;
}

}  // namespace

BindRequest bind_of(const JobRequest& job, const StepRequest& step) {
  if (step.bind.kind != BindKind::unset) return step.bind;
  if (job.common->bind.kind != BindKind::unset) return job.common->bind;
  return BindRequest{BindKind::automatic, {}};
}

Distribution distribution_of(const JobRequest& job, const StepRequest& step) {
  if (step.distribution.kind != DistributionKind::unset) return step.distribution;
  if (job.common->distribution.kind != DistributionKind::unset) return job.common->distribution;
  return Distribution{DistributionKind::block, 0};
}

std::vector<std::uint32_t> ranks_of(const JobRequest& job,
                                    const StepRequest& step,
                                    const std::vector<StepShare>& shares,
                                    std::size_t index) {
  const Distribution distribution = distribution_of(job, step);
  if (distribution.kind == DistributionKind::block) {
    std::vector<std::uint32_t> ranks(shares[index].tasks);
    std::iota(ranks.begin(), ranks.end(), shares[index].first_task);
    return ranks;
  }
  std::vector<std::uint32_t> counts;
  for (const StepShare& share : shares) counts.push_back(share.tasks);
  return std::move(deal_ranks(counts, distribution)[index]);
}

// Where a cpu is a thread, a core is as many as it has.
std::uint32_t StepBinder::cores_per_task(const StepRequest& step, const NodeClass& node) const {
  std::uint32_t cpus = step.cpus_per_task;
  if (cpus == 0 && !job_.common->components.empty()) {
    cpus = job_.common->components.front().cpus_per_task;
  }
  cpus = std::max(cpus, 1U);
  if (!counts_threads(record_, partition_)) return cpus;
  std::uint32_t threads = 1;
  for (const CoreInfo& core : node.cores) threads = std::max<std::uint32_t>(threads, core.pus);
  return (cpus + threads - 1) / threads;
}

Result<BoundShare> StepBinder::bind(const StepRequest& step, const StepShare& share) const {
  const Node& node = record_.nodes[share.node.value];
  const auto held = std::ranges::find(allocation_.nodes, share.node, &NodeShare::node);
  if (held == allocation_.nodes.end()) {
    return fail(Code::refused, "node " + node.name + " is none of the job's");
  }
  BoundShare bound;
  bound.node_class = &record_.classes[node.node_class.value];
  const NodeShare& part = share.part == NodeShare{} ? *held : share.part;
  // Of a node that came back as another the cores are not what they were.
  const std::size_t cores = bound.node_class->cores.size();
  if (part.cores.next(cores) < part.cores.size()) {
    return fail(Code::refused, "node " + node.name + " has changed since");
  }
  // Without memory of its own a step has the job's, wherever that is.
  const bool has_memory = std::ranges::any_of(part.memory_mib, [](auto mib) { return mib > 0; });
  bound.room = {part.cores, has_memory ? part.memory_mib : held->memory_mib, part.devices,
                share.tasks, cores_per_task(step, *bound.node_class)};
  auto plan = plan_binding(*bound.node_class, bound.room, bind_of(job_, step));
  if (!plan) return Failure(plan.error());
  bound.plan = *std::move(plan);
  bound.not_bound = why_not(node, bound.plan);
  return bound;
}

Result<void> StepBinder::check(const StepRequest& step,
                               const std::vector<StepShare>& shares) const {
  const BindKind kind = bind_of(job_, step).kind;
  // These bind what can be, and nothing else.
  if (kind == BindKind::automatic || kind == BindKind::none) return {};
  for (const StepShare& share : shares) {
    const auto bound = bind(step, share);
    if (bound) continue;
    return fail(bound.error().code,
                "node " + record_.nodes[share.node.value].name + ": " + bound.error().message);
  }
  return {};
}

}  // namespace cox::core
