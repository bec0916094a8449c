// The keys by which jobs are ordered, as the priority plug-in makes them from State.
#pragma once

#include <cstdint>

#include "core/fairshare/fair_tree.h"
#include "core/policy/priority.h"
#include "core/state.h"

namespace cox::core {

/// When the job began to age: at its submit, or as long ago as counts, as of the last charge.
Instant aged_from(const State& state, const PriorityPolicy& priority, const Job& job);

/// Without what its user is due.
std::int64_t base_key(const State& state,
                      const PriorityPolicy& priority,
                      const Job& job,
                      const PartitionSettings& partition);

/// An association that is not known yet has used nothing: none is due more.
FairRank rank_of(const FairTree& shares, const State& state, const JobRequest& request);

/// What is added for it.
std::int64_t share_key(const FairTree& shares,
                       const State& state,
                       const PriorityPolicy& priority,
                       const JobRequest& request);

}  // namespace cox::core
