// The arithmetic that every select plug-in shares: what a request needs of one node, how many tasks
// a node has room for, and how memory and devices are taken beside chosen cores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/policy/select.h"
#include "core/state.h"

namespace cox::core {

/// Amounts of a node, free or whole, without saying which.
struct Room {
  std::uint64_t cores = 0;
  std::int64_t memory_mib = 0;
  bool is_idle = false;      // nothing of it is used
  bool has_devices = false;  // the request's devices and pools are there
};

/// A request as one node sees it.
class Need {
 public:
  Need(const JobRequest& request, const FreeNodes& view);

  Room free_room(NodeId node) const;
  /// As if this of it was free; `devices` and `pools` count only where the request wants some.
  Room room_with(NodeId node,
                 std::uint64_t cores,
                 std::int64_t memory_mib,
                 bool is_idle,
                 const Bitset* devices,
                 const std::vector<std::int64_t>* pools) const;
  /// As if no job were there.
  Room whole_room(NodeId node) const;
  /// Tasks of the request that fit `room` of `node`, at most `tasks_max`; 0: not even one.
  std::uint32_t capacity(NodeId node, const Room& room) const;

  std::uint64_t cores_for(NodeId node, std::uint32_t tasks) const;
  std::int64_t memory_for(NodeId node, std::uint32_t tasks) const;

  std::uint64_t cpus_per_task() const { return cpus_per_task_; }

  /// Cores that one task keeps together; with threads as cpus at least one.
  std::uint64_t cores_per_task(NodeId node) const;

  bool wants_devices() const { return !component_.devices.empty(); }

  bool whole_nodes() const { return whole_nodes_; }

  const Component& component() const { return component_; }

  /// Nodes it may have at most, here.
  std::uint32_t nodes_max() const {
    return view_.nodes_max == 0 ? component_.nodes_max
                                : std::min(component_.nodes_max, view_.nodes_max);
  }

  const FreeNodes& view() const { return view_; }

 private:
  const NodeClass& class_of(NodeId node) const;
  bool devices_fit(NodeId node, const Bitset* free, const std::vector<std::int64_t>* pools) const;

  const Component& component_;
  const FreeNodes& view_;
  std::uint64_t cpus_per_task_;
  bool whole_nodes_;
};

/// PUs that every core of the class has at least; what a core counts for where a cpu is a thread.
std::uint64_t threads_per_core(const NodeClass& node_class);

/// Takes `mib` from `free`, first from the NUMA nodes of `cores`, then from the others in order.
std::vector<std::int64_t> take_memory(const NodeClass& node_class,
                                      const std::vector<std::int64_t>& free,
                                      const Bitset& cores,
                                      std::int64_t mib);

/// The free devices nearest to `cores`, and counts out of the node's pools; nothing when short.
struct TakenDevices {
  Bitset devices;
  std::vector<std::int64_t> pools;
};

std::optional<TakenDevices> take_devices(const Component& component,
                                         const Node& node,
                                         const NodeClass& node_class,
                                         const Bitset& free,
                                         const std::vector<std::int64_t>& free_pools,
                                         const Bitset& cores);

}  // namespace cox::core
