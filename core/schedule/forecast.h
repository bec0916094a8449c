// When a waiting job is expected to start: found when asked, without the Plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/schedule/plan.h"
#include "core/schedule/timeline.h"

namespace cox::core {

/// Of more starts ahead than this nothing is predicted: a question must not take long.
inline constexpr std::size_t forecast_jobs_max = 10'000;

/// A job that comes before the one in question, and how many starts of it do.
struct Ahead {
  JobId job;
  std::uint32_t starts = 1;  // of an array perhaps many
};

struct Forecast {
  std::optional<Second> start;  // nothing: not in sight
  bool is_estimate = true;      // counted, behind others; else planned exactly
  std::vector<JobId> behind;    // running jobs that end then, a few of them
};

/// `ahead`: what comes before it in the partition, in order.
Forecast forecast_start(const State& state,
                        Instant now,
                        const PartitionSettings& partition,
                        const Bitset& ready,
                        const Job& job,
                        const std::vector<Ahead>& ahead);

/// Whether `job`, placed at `allocation` behind jobs that wait, would break a promise to one of
/// them; the placement that does not, if there is one. `heads`: the first of each partition.
std::optional<Allocation> overtake(const State& state,
                                   const Contact& contact,
                                   Instant now,
                                   const SelectPolicy& select,
                                   std::size_t partition,
                                   const Job& job,
                                   const Allocation& allocation,
                                   const std::vector<std::optional<Place>>& heads);

}  // namespace cox::core
