// What one step asks of a node of its job: how many tasks fit, and which cores, memory and devices
// they get.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "core/state.h"

namespace cox::core {

class StepNeed {
 public:
  StepNeed(const Record& record, const Job& job, const StepRequest& request);

  /// Tasks that `free` of the node at `place` has room for.
  std::uint32_t capacity(std::size_t place, const NodeFree& free) const;
  /// What `tasks` tasks get of `free`, which has room for them.
  NodeShare take(std::size_t place, const NodeFree& free, std::uint32_t tasks) const;
  /// What a step gets that shares all cores of the node; blank where it asks for nothing else.
  NodeShare take_beside_all(std::size_t place) const;
  /// error: refused where the job has not so much memory, or not these devices, on a node
  Result<void> check_amounts(std::size_t place) const;

  std::uint64_t cpus_per_task() const { return cpus_per_task_; }

 private:
  const NodeShare& held(std::size_t place) const { return job_.run->allocation.nodes[place]; }

  const Node& node(std::size_t place) const;
  const NodeClass& class_of(std::size_t place) const;
  /// MiB that `tasks` tasks want of their own; nothing where they did not ask.
  std::optional<std::int64_t> memory(std::size_t place, std::uint64_t cpus) const;
  Bitset pick_cores(std::size_t place, const Bitset& free, std::uint64_t cpus) const;
  void give_devices(std::size_t place,
                    const Bitset& devices,
                    const std::vector<std::int64_t>& pools,
                    NodeShare* part) const;

  const Record& record_;
  const Job& job_;
  const StepRequest& request_;
  Component devices_;  // of which only the devices count
  std::uint64_t cpus_per_task_;
  bool counts_threads_;
};

}  // namespace cox::core
