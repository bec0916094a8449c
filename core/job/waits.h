// The index of what waits: which jobs, by what they wait for, so that an end costs its dependents
// and not the queue. Kept by evolve() after each fact, and rebuilt whole at load.
#pragma once

#include <optional>
#include <vector>

#include "core/job/answers.h"
#include "core/state.h"

namespace cox::core {

/// Whether what the job waits for has come true. Of an array: its remainder, or with an `index` an
/// element of that. A job that is in no index yet is looked at afresh.
Answer dependency_answer(const State& state,
                         const Job& job,
                         std::optional<std::uint32_t> index = {});
/// The instant from which nothing but resources keeps a pending job: its begin time, and the delays
/// of its dependency. Nothing while it waits for other jobs.
std::optional<Instant> eligible_from(const State& state, const Job& job);
/// Some job waits for this one, or for its array in a way that needs it: it is not to be forgotten.
bool is_waited_for(const State& state, JobId id);
/// Jobs whose turn may have come, or gone, by a fact about `id`. Ended and begun ones may be among
/// them.
std::vector<JobId> dependents_of(const State& state, JobId id);
/// What SettleWaits would do something about.
bool has_unsettled(const State& state);

/// Jobs of the same user and name, ahead of `job` or begun, where it is a singleton; 0: its turn.
std::size_t singles_ahead(const State& state, const Job& job);

/// The moment at which a job is ended for its deadline; unset: it has none.
Instant deadline_due(const Job& job);

/// Around evolve_one(): what it needs to know of before, then brings the index up to date.
class WaitKeeper {
 public:
  WaitKeeper(const State& state, const Fact& fact);
  void follow(State& state, const Fact& fact) const;

 private:
  void keep_singles(State& state, const Job& job) const;

  JobId job_;
  bool was_live_ = false;
  std::optional<SingleName> single_;  // it waited as one of them
};

void rebuild_waits(Index& index, const Record& record);

}  // namespace cox::core
