// When a waiting job is expected to start: found when asked, without the Plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/schedule/lane.h"
#include "core/schedule/plan.h"
#include "core/schedule/reservations.h"
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

/// Starts of whatever is asked for at one place of one partition's order: what is ahead is counted
/// once, for all questions.
class Forecaster {
 public:
  /// `ahead`: what comes before, in order. What is given by reference must outlive this.
  Forecaster(const State& state,
             Instant now,
             const PartitionSettings& partition,
             const Bitset& ready,
             const std::vector<Ahead>& ahead);

  Forecast start_of(const JobRequest& request);

 private:
  void count(const std::vector<Ahead>& ahead);
  std::optional<Second> first_start(std::int64_t units, const JobRequest& request);
  std::optional<Second> exact(const JobRequest& request) const;
  std::optional<Second> counted(const JobRequest& request);

  const State& state_;
  Instant now_;
  const PartitionSettings& partition_;
  const Bitset& ready_;
  Running running_;
  bool is_first_;
  std::optional<Lane> lane_;  // with all that is ahead; nothing when that is too much
  LicenseTimeline licenses_;  // likewise
  Second from_ = 0;
};

/// Whether what is placed behind jobs that wait breaks a promise to one of them.
class Overtaking {
 public:
  /// `heads`: the first of each partition that waits. What is given by reference must outlive this.
  Overtaking(const State& state,
             const Contact& contact,
             Instant now,
             const SelectPolicy& select,
             const std::vector<std::optional<Place>>& heads);

  /// `allocation`, or the placement of `request` that breaks none, if there is one.
  std::optional<Allocation> placed(std::size_t partition,
                                   const JobRequest& request,
                                   const Allocation& allocation) const;

 private:
  const State& state_;
  Instant now_;
  const SelectPolicy& select_;
  Running running_;
  std::vector<Head> reserved_;
  std::vector<Bitset> ready_;
};

}  // namespace cox::core
