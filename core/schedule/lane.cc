// See lane.h. Jobs without a limit end at the horizon, beyond which nothing is predicted.
#include "core/schedule/lane.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "core/policy/fit.h"
#include "core/schedule/class_key.h"

namespace cox::core {
namespace {

const Component& component_of(const JobRequest& request) {
  return request.common->components.front();
}

double total(const std::vector<std::int64_t>& amounts) {
  return std::accumulate(amounts.begin(), amounts.end(), 0.0);
}

std::int64_t free_units(const State& state, const Bitset& nodes, LaneUnit unit) {
  std::int64_t free = 0;
  nodes.for_each([&](std::size_t i) {
    const NodeFree& here = state.index.free[i];
    if (unit == LaneUnit::cores) {
      free += static_cast<std::int64_t>(here.cores.count());
    } else {
      free += here.jobs == 0 ? 1 : 0;
    }
  });
  return free;
}

bool are_alike(const State& state, const Bitset& nodes) {
  const Node* first = nullptr;
  bool alike = true;
  nodes.for_each([&](std::size_t i) {
    const Node& node = state.record.nodes[i];
    if (first == nullptr) first = &node;
    alike = alike && node.node_class == first->node_class && node.memory_mib == first->memory_mib &&
            node.pools == first->pools;
  });
  return alike;
}

std::size_t fewest_cores(const State& state, const Bitset& nodes) {
  std::size_t fewest = nodes.any() ? ~std::size_t{0} : 0;
  nodes.for_each([&](std::size_t i) {
    fewest = std::min(fewest, state.class_of(state.record.nodes[i]).cores.size());
  });
  return fewest;
}

}  // namespace

bool takes_whole_nodes(const JobRequest& request, const PartitionSettings& partition) {
  return partition.whole_nodes || component_of(request).exclusive;
}

bool is_heavy(const State& state, const Allocation& allocation) {
  return std::ranges::any_of(allocation.nodes, [&state](const NodeShare& share) {
    const Node& node = state.record.nodes[share.node.value];
    const auto cores = static_cast<double>(share.cores.count());
    const auto of = static_cast<double>(state.class_of(node).cores.size());
    return total(share.memory_mib) * of > total(node.memory_mib) * cores;
  });
}

bool takes_any_cores(const JobRequest& request, const PartitionSettings& partition) {
  const Component& c = component_of(request);
  const bool is_single = c.tasks == 1 || (c.tasks == 0 && c.tasks_per_node <= 1);
  const bool is_spread = is_single || (c.tasks != 0 && c.tasks_per_node == 0);
  return is_spread && partition.max_nodes == 0 && c.nodes_min <= 1 && c.cpus_per_task <= 1 &&
         !partition.cpu_is_thread && !takes_whole_nodes(request, partition) && c.devices.empty() &&
         c.memory_per_node_mib < 0 && c.memory_per_cpu_mib < 0 &&
         request.common->nodes_wanted.empty() && request.common->nodes_excluded.empty() &&
         request.common->constraint.empty();
}

Lane::Lane(const State& state,
           const Running& running,
           Instant now,
           const Bitset& ready,
           LaneUnit unit,
           bool is_alone)
    : unit_(unit),
      is_alone_(is_alone),
      is_alike_(are_alike(state, ready)),
      cores_least_(fewest_cores(state, ready)),
      nodes_(ready),
      now_(now.us / us_per_second - 1),
      profile_(now_, free_units(state, ready, unit)) {
  if (const std::size_t first = ready.next(0); first < ready.size()) {
    sample_ = NodeId{static_cast<std::uint32_t>(first)};
  }
  std::unordered_map<std::uint32_t, Second> idle_from;  // busy nodes: the end of their last job
  for (const auto& [end, id] : running.by_end()) {
    const Job& job = *state.find_job(id);
    Second at = now_ + 1;
    if (end > now) at = std::min(end_second(end, Duration{}), horizon());
    const JobRun& run = *job.run;
    std::int64_t cores = 0;
    for (std::size_t i = 0; i < run.allocation.nodes.size(); ++i) {
      const NodeShare& share = run.allocation.nodes[i];
      if (run.freed.test(i) || !nodes_.test(share.node.value)) continue;
      cores += static_cast<std::int64_t>(share.cores.count());
      if (unit_ == LaneUnit::nodes) {
        Second& idle = idle_from[share.node.value];
        idle = std::max(idle, at);
      }
    }
    if (unit_ == LaneUnit::cores && cores > 0) {
      profile_.add(at, second_never, cores);
      is_light_ = is_light_ && !is_heavy(state, run.allocation);
    }
  }
  for (const auto& [node, at] : idle_from) profile_.add(at, second_never, 1);
}

std::int64_t Lane::units(const State& state,
                         const PartitionSettings& partition,
                         const JobRequest& request) const {
  const auto cores = static_cast<std::int64_t>(cores_least(request, partition));
  const bool is_whole = takes_whole_nodes(request, partition);
  if ((!is_whole && unit_ == LaneUnit::cores) || !sample_.has_value()) return cores;
  const FreeNodes view{nodes_,
                       state.record.nodes,
                       state.index.free,
                       state.record.classes,
                       partition.cpu_is_thread,
                       partition.whole_nodes,
                       partition.max_nodes};
  const Need need(request, view);
  const Component& c = component_of(request);
  const std::uint32_t room = need.capacity(*sample_, need.whole_room(*sample_));
  std::uint64_t nodes = c.nodes_min;
  if (c.tasks != 0 && room != 0 && is_alike_) {
    nodes = std::max<std::uint64_t>(nodes, (std::uint64_t{c.tasks} + room - 1) / room);
  }
  const std::uint64_t each = unit_ == LaneUnit::nodes ? 1 : cores_least_;
  return static_cast<std::int64_t>(nodes * each);
}

bool Lane::counts_exactly(const JobRequest& request, const PartitionSettings& partition) const {
  if (!is_alone_) return false;
  if (unit_ == LaneUnit::cores) {
    // Tasks that have to be together on fewer nodes do not fit wherever so many cores are free.
    const Component& c = component_of(request);
    const std::size_t spread = std::min<std::size_t>(c.tasks, nodes_.count());
    return is_light_ && takes_any_cores(request, partition) && c.nodes_max >= spread;
  }
  return is_alike_ && component_of(request).devices.empty() &&
         request.common->nodes_wanted.empty() && request.common->nodes_excluded.empty();
}

bool Lane::can_start(std::int64_t units, Second end) const {
  return profile_.lasts(now_, units, end);
}

std::optional<Second> Lane::earliest(std::int64_t units, Duration length, Second from) {
  const Second seconds =
      length >= duration_unlimited ? second_never : second_of(Instant{length.us});
  const Second begin = std::max({from, now_ + 1, cursor_.bound(units, seconds)});
  const auto start = profile_.earliest(begin, units, seconds);
  cursor_.found(units, seconds, start.value_or(second_never));
  return start;
}

void Lane::start(const Allocation& allocation, Second end, bool is_heavy) {
  std::int64_t units = 0;
  for (const NodeShare& share : allocation.nodes) {
    if (!nodes_.test(share.node.value)) continue;
    units += unit_ == LaneUnit::nodes ? 1 : static_cast<std::int64_t>(share.cores.count());
  }
  if (units > 0) {
    profile_.add(now_, end, -units);
    is_light_ = is_light_ && !is_heavy;
  }
}

void Lane::reserve(std::int64_t units, Second start, Duration length) {
  profile_.add(start, end_second(start, length), -units);
}

}  // namespace cox::core
