// See fit.h. Integers only; every amount is monotone in the number of tasks.
#include "core/policy/fit.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace cox::core {
namespace {

constexpr std::uint32_t tasks_per_node_max = 10'000'000;

std::int64_t sum(const std::vector<std::int64_t>& amounts) {
  return std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
}

bool matches(const DeviceRequest& request, const std::string& name, const std::string& type) {
  return request.name == name && (request.type.empty() || request.type == type);
}

/// 0: beside the chosen cores, 1: on one of their NUMA nodes, 2: elsewhere.
int distance(const NodeClass& node_class, const DeviceInfo& device, const Bitset& cores) {
  if (device.near.intersects(cores)) return 0;
  bool same_numa = false;
  cores.for_each(
      [&](std::size_t core) { same_numa |= node_class.cores[core].numa == device.numa; });
  return same_numa ? 1 : 2;
}

/// Takes up to `count` matching devices by distance; returns how many are still missing.
std::uint64_t take_indexed(const DeviceRequest& request,
                           const NodeClass& node_class,
                           const Bitset& cores,
                           Bitset& free,
                           Bitset& taken) {
  std::uint64_t missing = request.count;
  std::array<std::vector<std::size_t>, 3> by_distance;
  free.for_each([&](std::size_t i) {
    const DeviceInfo& device = node_class.devices[i];
    if (!matches(request, device.name, device.type)) return;
    by_distance[static_cast<std::size_t>(distance(node_class, device, cores))].push_back(i);
  });
  for (const auto& devices : by_distance) {
    for (const std::size_t i : devices) {
      if (missing == 0) return 0;
      free.reset(i);
      taken.set(i);
      --missing;
    }
  }
  return missing;
}

std::uint64_t take_counted(const DeviceRequest& request,
                           const std::vector<Pool>& pools,
                           std::uint64_t missing,
                           std::vector<std::int64_t>& free,
                           std::vector<std::int64_t>& taken) {
  for (std::size_t i = 0; i < pools.size() && missing > 0; ++i) {
    if (!matches(request, pools[i].name, pools[i].type) || free[i] <= 0) continue;
    const std::int64_t part = std::min(free[i], static_cast<std::int64_t>(missing));
    free[i] -= part;
    taken[i] += part;
    missing -= static_cast<std::uint64_t>(part);
  }
  return missing;
}

/// Typed requests first: an untyped one may take any device, and must not take theirs.
std::vector<DeviceRequest> typed_first(const std::vector<DeviceRequest>& requests) {
  std::vector<DeviceRequest> ordered = requests;
  std::ranges::stable_partition(ordered,
                                [](const DeviceRequest& one) { return !one.type.empty(); });
  return ordered;
}

}  // namespace

std::uint64_t threads_per_core(const NodeClass& node_class) {
  std::uint64_t fewest = std::numeric_limits<std::uint64_t>::max();
  for (const CoreInfo& core : node_class.cores) fewest = std::min<std::uint64_t>(fewest, core.pus);
  return node_class.cores.empty() ? 1 : std::max<std::uint64_t>(1, fewest);
}

Need::Need(const JobRequest& request, const FreeNodes& view)
    : component_(request.common->components.front()),
      view_(view),
      cpus_per_task_(std::max(1U, component_.cpus_per_task)),
      whole_nodes_(component_.exclusive || view.whole_nodes) {}

const NodeClass& Need::class_of(NodeId node) const {
  return view_.classes[view_.nodes[node.value].node_class.value];
}

std::uint64_t Need::cores_per_task(NodeId node) const {
  if (!view_.cpu_is_thread) return cpus_per_task_;
  const std::uint64_t threads = threads_per_core(class_of(node));
  return (cpus_per_task_ + threads - 1) / threads;
}

std::uint64_t Need::cores_for(NodeId node, std::uint32_t tasks) const {
  const std::uint64_t cpus = tasks * cpus_per_task_;
  if (!view_.cpu_is_thread) return cpus;
  const std::uint64_t threads = threads_per_core(class_of(node));
  return (cpus + threads - 1) / threads;
}

std::int64_t Need::memory_for(NodeId node, std::uint32_t tasks) const {
  const std::int64_t total = sum(view_.nodes[node.value].memory_mib);
  if (component_.memory_per_node_mib > 0) return component_.memory_per_node_mib;
  if (component_.memory_per_node_mib == 0) return total;
  if (component_.memory_per_cpu_mib > 0) {
    // Larger than any node is as good as infinite, and cannot overflow.
    const std::uint64_t cpus = tasks * cpus_per_task_;
    const auto each = static_cast<std::uint64_t>(component_.memory_per_cpu_mib);
    const auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return each > limit / cpus ? std::numeric_limits<std::int64_t>::max()
                               : static_cast<std::int64_t>(each * cpus);
  }
  if (component_.memory_per_cpu_mib == 0 || whole_nodes_) return total / std::max(1U, view_.rows);
  const auto cores = static_cast<std::int64_t>(class_of(node).cores.size());
  const auto part = static_cast<std::int64_t>(cores_for(node, tasks));
  return part >= cores ? total : total / cores * part + total % cores * part / cores;
}

bool Need::devices_fit(NodeId node,
                       const Bitset* free,
                       const std::vector<std::int64_t>* pools) const {
  if (component_.devices.empty()) return true;
  const Node& here = view_.nodes[node.value];
  const NodeClass& node_class = class_of(node);
  return take_devices(component_, here, node_class, *free, *pools, Bitset(node_class.cores.size()))
      .has_value();
}

Room Need::free_room(NodeId node) const {
  const NodeFree& free = view_.free[node.value];
  if (view_.closed != nullptr && view_.closed->test(node.value)) return Room{};
  return Room{free.cores.count(), sum(free.memory_mib), free.jobs == 0,
              devices_fit(node, &free.devices, &free.pools)};
}

Room Need::room_with(NodeId node,
                     std::uint64_t cores,
                     std::int64_t memory_mib,
                     bool is_idle,
                     const Bitset* devices,
                     const std::vector<std::int64_t>* pools) const {
  return Room{cores, memory_mib, is_idle, devices_fit(node, devices, pools)};
}

Room Need::whole_room(NodeId node) const {
  const Node& here = view_.nodes[node.value];
  const NodeClass& node_class = class_of(node);
  const Bitset devices(node_class.devices.size(), true);
  std::vector<std::int64_t> pools;
  for (const Pool& pool : here.pools) pools.push_back(pool.total);
  return Room{node_class.cores.size(), sum(here.memory_mib), true,
              devices_fit(node, &devices, &pools)};
}

std::uint32_t Need::capacity(NodeId node, const Room& room) const {
  if (!room.has_devices || (whole_nodes_ && !room.is_idle)) return 0;
  std::uint64_t cpus = room.cores;
  if (view_.cpu_is_thread) cpus *= threads_per_core(class_of(node));
  std::uint64_t most = std::min<std::uint64_t>(cpus / cpus_per_task_, tasks_per_node_max);
  if (component_.tasks_per_node != 0) {
    most = std::min<std::uint64_t>(most, component_.tasks_per_node);
  }
  // Memory is monotone in tasks: the largest number that fits, by halving.
  std::uint32_t low = 0;
  auto high = static_cast<std::uint32_t>(most);
  if (high > 0 && memory_for(node, high) <= room.memory_mib) return high;
  while (high > low) {
    const std::uint32_t middle = low + (high - low + 1) / 2;
    if (memory_for(node, middle) <= room.memory_mib) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

std::vector<std::int64_t> take_memory(const NodeClass& node_class,
                                      const std::vector<std::int64_t>& free,
                                      const Bitset& cores,
                                      std::int64_t mib) {
  std::vector<std::int64_t> taken(free.size(), 0);
  std::vector<std::int64_t> cores_at(free.size(), 0);
  std::int64_t cores_left = 0;
  cores.for_each([&](std::size_t core) {
    ++cores_at[node_class.cores[core].numa];
    ++cores_left;
  });
  std::int64_t left = mib;
  // Each NUMA node gives in proportion to the cores chosen on it, the last of them the rest.
  for (std::size_t i = 0; i < free.size(); ++i) {
    if (cores_at[i] == 0) continue;
    const std::int64_t wanted =
        left / cores_left * cores_at[i] + left % cores_left * cores_at[i] / cores_left;
    taken[i] = std::min(free[i], wanted);
    left -= taken[i];
    cores_left -= cores_at[i];
  }
  for (const bool near : {true, false}) {
    for (std::size_t i = 0; i < free.size(); ++i) {
      if ((cores_at[i] != 0) != near) continue;
      const std::int64_t more = std::min(free[i] - taken[i], left);
      taken[i] += more;
      left -= more;
    }
  }
  return taken;
}

std::optional<TakenDevices> take_devices(const Component& component,
                                         const Node& node,
                                         const NodeClass& node_class,
                                         const Bitset& free,
                                         const std::vector<std::int64_t>& free_pools,
                                         const Bitset& cores) {
  TakenDevices taken{Bitset(node_class.devices.size()),
                     std::vector<std::int64_t>(node.pools.size(), 0)};
  Bitset left = free;
  std::vector<std::int64_t> pools_left = free_pools;
  for (const DeviceRequest& request : typed_first(component.devices)) {
    const std::uint64_t missing = take_indexed(request, node_class, cores, left, taken.devices);
    if (take_counted(request, node.pools, missing, pools_left, taken.pools) > 0)
      return std::nullopt;
  }
  return taken;
}

}  // namespace cox::core
