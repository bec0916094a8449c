// The tests of a pass, one by one: filter, place. The Plan runs them for class heads, explain() for
// one job, so that both always agree.
#pragma once

#include <optional>

#include "core/policy/select.h"
#include "core/schedule/plan.h"

namespace cox::core {

/// What came of trying to place a request in one partition.
struct Trial {
  std::optional<Allocation> allocation;  // it fits now
  Blocked blocked;                       // else why not
  /// Nothing that ends could help: it does not stand in the way of lower jobs.
  bool is_hopeless = false;
};

const PartitionSettings* find_partition(const Settings& settings, const std::string& name);

/// Nodes of the partition that may get new work now: usable, connected and heard.
Bitset ready_nodes(const State& state, const Contact& contact, const std::string& partition);
Bitset partition_nodes(const State& state, const std::string& partition);

/// Tries `request` on `ready`, a set that ready_nodes() made. Does not look at the queue.
Trial try_place(const State& state,
                const SelectPolicy& select,
                const PartitionSettings& partition,
                const Bitset& ready,
                const JobRequest& request);

/// The same on nodes other than those where the job's start failed last; nothing where it failed
/// nowhere, or fits only with them.
std::optional<Trial> try_elsewhere(const State& state,
                                   const SelectPolicy& select,
                                   const PartitionSettings& partition,
                                   const Bitset& ready,
                                   const Job& job);

/// Of the answers of a job's partitions, the one that is nearest to a start.
Blocked nearer(const Blocked& a, const Blocked& b);

/// Held, final, or one of too many elements: reasons that need no look at the fleet. none: the job
/// may be queued.
Blocked blocked_by_itself(const State& state, const Job& job, Instant now);

}  // namespace cox::core
