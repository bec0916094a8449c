// See lane.h. Jobs without a limit end at the horizon, beyond which nothing is predicted.
// Each free core of a lane has its part of the memory as long as every job takes, on each node, as
// many cores as its larger share of cores and memory comes to: that is what `parts_` counts.
#include "core/schedule/lane.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>

#include "core/policy/fit.h"
#include "core/schedule/class_key.h"

namespace cox::core {
namespace {

const Component& component_of(const JobRequest& request) {
  return request.common->components.front();
}

/// So much of a node.
struct Share {
  std::int64_t cores = 0, memory_mib = 0;

  Share& operator+=(const Share& other) {
    cores += other.cores;
    memory_mib += other.memory_mib;
    return *this;
  }

  Share& operator-=(const Share& other) { return *this += Share{-other.cores, -other.memory_mib}; }
};

Share share_of(const NodeShare& share) {
  return {static_cast<std::int64_t>(share.cores.count()),
          std::accumulate(share.memory_mib.begin(), share.memory_mib.end(), std::int64_t{0})};
}

/// The larger of both shares, in cores: how many are not free any more with their part of memory.
std::int64_t larger_share(const State& state, NodeId id, const Share& share) {
  const Node& node = state.record.nodes[id.value];
  const auto cores = static_cast<std::int64_t>(state.class_of(node).cores.size());
  const std::int64_t memory =
      std::accumulate(node.memory_mib.begin(), node.memory_mib.end(), std::int64_t{0});
  if (memory <= 0) return share.cores;
  return std::max(share.cores, (share.memory_mib * cores + memory - 1) / memory);
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

std::int64_t all_units(const State& state, const Bitset& nodes, LaneUnit unit) {
  if (unit == LaneUnit::nodes) return static_cast<std::int64_t>(nodes.count());
  std::int64_t all = 0;
  nodes.for_each([&](std::size_t i) {
    all += static_cast<std::int64_t>(state.class_of(state.record.nodes[i]).cores.size());
  });
  return all;
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

Second seconds_of(Duration length) {
  return length >= duration_unlimited ? second_never : second_of(Instant{length.us});
}

}  // namespace

bool takes_whole_nodes(const JobRequest& request, const PartitionSettings& partition) {
  return partition.whole_nodes || component_of(request).exclusive;
}

bool takes_any_cores(const JobRequest& request, const PartitionSettings& partition) {
  const Component& c = component_of(request);
  const bool is_single = c.tasks == 1 || (c.tasks == 0 && c.tasks_per_node <= 1);
  const bool is_spread = is_single || (c.tasks != 0 && c.tasks_per_node == 0);
  return is_spread && partition.max_nodes == 0 && c.nodes_min <= 1 && c.cpus_per_task <= 1 &&
         !c.exclusive_user && !partition.cpu_is_thread && !takes_whole_nodes(request, partition) &&
         c.devices.empty() && c.memory_per_node_mib < 0 && c.memory_per_cpu_mib < 0 &&
         request.common->nodes_wanted.empty() && request.common->nodes_excluded.empty() &&
         request.common->wishes.is_blank();
}

/// What running jobs hold of the lane, and until when; in order of their ends.
template <typename Visit>
void Lane::for_each_share(const State& state,
                          const Running& running,
                          Instant now,
                          Visit visit) const {
  for (const auto& [end, id] : running.by_end()) {
    const JobRun& run = *state.find_job(id)->run;
    const Second at = end > now ? std::min(end_second(end, Duration{}), horizon()) : now_ + 1;
    for (std::size_t i = 0; i < run.allocation.nodes.size(); ++i) {
      const NodeShare& share = run.allocation.nodes[i];
      if (run.freed.test(i) || !nodes_.test(share.node.value)) continue;
      visit(share.node, share, at);
    }
  }
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
      whole_{Profile(now_, free_units(state, ready, unit)), Cursor(all_units(state, ready, unit))} {
  if (const std::size_t first = ready.next(0); first < ready.size()) {
    sample_ = NodeId{static_cast<std::uint32_t>(first)};
  }
  if (unit_ == LaneUnit::nodes) {
    expect_idle(state, running, now);
  } else {
    expect_cores(state, running, now);
  }
}

void Lane::expect_idle(const State& state, const Running& running, Instant now) {
  std::unordered_map<std::uint32_t, Second> idle_from;  // the end of the node's last job
  for_each_share(state, running, now, [&](NodeId node, const NodeShare&, Second at) {
    Second& idle = idle_from[node.value];
    idle = std::max(idle, at);
  });
  for (const auto& [node, at] : idle_from) whole_.profile.add(at, second_never, 1);
}

void Lane::expect_cores(const State& state, const Running& running, Instant now) {
  Bitset heavy(nodes_.size());  // runs a job with more than its part of the memory
  for_each_share(state, running, now, [&](NodeId node, const NodeShare& share, Second at) {
    const Share taken = share_of(share);
    whole_.profile.add(at, second_never, taken.cores);
    if (larger_share(state, node, taken) > taken.cores) heavy.set(node.value);
  });
  if (!is_alone_ || !heavy.any()) return;
  std::map<NodeId, Share> beyond;  // what is taken of such nodes, until the last job has left
  const auto excess = [&](NodeId node, const Share& share) {
    return larger_share(state, node, share) - share.cores;
  };
  for_each_share(state, running, now, [&](NodeId node, const NodeShare& share, Second) {
    if (heavy.test(node.value)) beyond[node] += share_of(share);
  });
  Profile& profile = parts().profile;
  for (const auto& [node, share] : beyond) profile.add(now_, second_never, -excess(node, share));
  for_each_share(state, running, now, [&](NodeId node, const NodeShare& share, Second at) {
    if (!heavy.test(node.value)) return;
    Share& left = beyond[node];
    const std::int64_t before = excess(node, left);
    left -= share_of(share);
    profile.add(at, second_never, before - excess(node, left));
  });
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
    return takes_any_cores(request, partition) && c.nodes_max >= spread;
  }
  return is_alike_ && component_of(request).devices.empty() &&
         !component_of(request).exclusive_user && request.common->nodes_wanted.empty() &&
         request.common->nodes_excluded.empty() && request.common->wishes.is_blank();
}

Taken Lane::taken(const State& state, const std::vector<Part>& parts) const {
  Taken taken;
  for (const Part& part : parts) {
    if (!nodes_.test(part.node.value)) continue;
    if (unit_ == LaneUnit::nodes) {
      ++taken.units;
      ++taken.counted;
    } else {
      taken.units += part.cores;
      taken.counted += larger_share(state, part.node, {part.cores, part.memory_mib});
    }
  }
  return taken;
}

bool Lane::can_start(std::int64_t units, Second end) const {
  return whole_.profile.lasts(now_, units, end);
}

bool Lane::keeps_counted(const Taken& taken, Second end) const {
  return !has_counted_ || counting().profile.lasts(now_, taken.counted, end);
}

std::optional<Second> Lane::Track::earliest(std::int64_t units, Second length, Second from) {
  const Second begin = std::max(from, cursor.bound(units, length));
  const auto start = profile.earliest(begin, units, length);
  cursor.found(units, length, start.value_or(second_never));
  return start;
}

std::optional<Second> Lane::earliest(std::int64_t units, Duration length, Second from) {
  return whole_.earliest(units, seconds_of(length), std::max(from, now_ + 1));
}

std::optional<Second> Lane::earliest_counted(std::int64_t units, Duration length, Second from) {
  Track& track = parts_.has_value() ? *parts_ : whole_;
  return track.earliest(units, seconds_of(length), std::max(from, now_ + 1));
}

std::optional<Second> Lane::earliest_with(std::int64_t units,
                                          const LicenseTimeline& licenses,
                                          const Licenses& asked,
                                          Duration length,
                                          Second first) const {
  Second start = first;
  while (true) {
    const auto licensed = licenses.earliest(asked, start, length);
    if (!licensed.has_value()) return std::nullopt;
    const auto placed = whole_.profile.earliest(*licensed, units, seconds_of(length));
    if (!placed.has_value() || *placed == *licensed) return placed;
    start = *placed;
  }
}

std::optional<Second> Lane::earliest_beside(const Taken& taken,
                                            Duration length,
                                            Second from) const {
  if (!has_counted_) return from;
  return counting().profile.earliest(std::max(from, now_ + 1), taken.counted, seconds_of(length));
}

Lane::Track& Lane::parts() {
  if (!parts_.has_value()) parts_ = whole_;
  return *parts_;
}

void Lane::take(const Taken& taken, Second from, Second to) {
  if (is_alone_ && taken.counted > taken.units) parts();
  if (parts_.has_value()) parts_->profile.add(from, to, -taken.counted);
  if (taken.units > 0) whole_.profile.add(from, to, -taken.units);
}

void Lane::start(const Taken& taken, Second end) {
  take(taken, now_, end);
}

void Lane::reserve(const Taken& taken, Second start, Duration length) {
  take(taken, start, end_second(start, length));
}

void Lane::reserve_counted(std::int64_t units, Second start, Duration length) {
  has_counted_ = true;
  take({units, units}, start, end_second(start, length));
}

}  // namespace cox::core
