// What each fact means to the plan. A fact without a function of its own means nothing to it.
#include <type_traits>
#include <variant>

#include "core/any_of.h"
#include "core/job/lifecycle.h"
#include "core/job/waits.h"
#include "core/schedule/plan.h"
#include "core/schedule/queues.h"

namespace cox::core {
namespace {

using Queues = Plan::Queues;

/// Which nodes take work, or how much, may be another.
template <class One>
constexpr bool changes_fleet = is_any_of<One,
                                         NodeRegistered,
                                         NodeLost,
                                         NodeSetAside,
                                         NodeResumed,
                                         NodeBackedOff,
                                         NodeTriedAgain,
                                         NodeStuck,
                                         NodeUnstuck,
                                         NodeRebootAsked,
                                         NodeRebootBegun>;
template <class One>
constexpr bool makes_pending = is_any_of<One, JobUnheld, JobRequeued, ElementSplit>;
template <class One>
constexpr bool ends_waiting = is_any_of<One, JobHeld, JobEnded, ElementsCancelled>;
template <class One>
constexpr bool moves_end = is_any_of<One, JobEnding, JobSuspended, JobResumed>;
template <class One>
constexpr bool changes_rules =
    is_any_of<One, SettingsApplied, PartitionTakenDown, PartitionBroughtUp>;

/// A share of the job's is free again, or will soon be.
void give_back(Queues& queues, const State& state, const Job& job, const NodeShare& share) {
  queues.count_free(state, job.run->allocation, share, true);
  queues.wake_node(state, share.node);
  queues.wake_behind_rows(state, job, share.node);
}

template <class One>
void learn(Queues& queues, const State& state, const One& one) {
  if constexpr (makes_pending<One>) {
    queues.insert(state, one.job);
    if (std::is_same_v<One, JobUnheld>) queues.renew_at(state, one.job);
    if (std::is_same_v<One, JobRequeued>) queues.wake_for_licenses(state, one.job);
  } else if constexpr (ends_waiting<One>) {
    queues.remove(state, one.job);
    queues.renew_at(state, one.job);
    if (std::is_same_v<One, JobEnded>) queues.wake_for_licenses(state, one.job);
  } else if constexpr (moves_end<One>) {
    queues.learn_running(state, one.job);
    queues.renew();
  } else if constexpr (changes_fleet<One>) {
    queues.fleet_changed();
  } else if constexpr (changes_rules<One>) {
    queues.is_built = false;
  }
}

void learn(Queues& queues, const State& state, const JobSubmitted& one) {
  queues.learn_user(state, one.job);
  queues.insert(state, one.job);
}

void learn(Queues& queues, const State& state, const JobUpdated& one) {
  queues.learn_user(state, one.job);
  queues.learn_running(state, one.job);  // it may end at another time
  queues.reseat(state, one.job);
  queues.renew();
}

void learn(Queues& queues, const State& state, const JobStarted& one) {
  queues.remove(state, one.job);
  queues.pass.full.starting.reset();
  queues.learn_running(state, one.job);
  for (const NodeShare& share : one.allocation.nodes) {
    queues.count_free(state, one.allocation, share, false);
  }
}

void learn(Queues& queues, const State& state, const JobReleased& one) {
  queues.learn_running(state, one.job);
  // A start on one node is released at once: its end stays where it was.
  if (one.at != state.find_job(one.job)->run->started) queues.renew();
}

void learn(Queues& queues, const State& state, const StartUndone& one) {
  queues.learn_running(state, one.job);
  const Job& job = *state.find_job(one.job);
  for (const NodeShare& share : job.run->allocation.nodes) give_back(queues, state, job, share);
  queues.wake_for_licenses(state, one.job);
  queues.insert(state, one.job);
}

void learn(Queues& queues, const State& state, const NodeFreed& one) {
  const Job& job = *state.find_job(one.job);
  queues.learn_user(state, one.job);
  queues.learn_running(state, one.job);
  give_back(queues, state, job, job.run->allocation.nodes[*node_position(job, one.node)]);
}

void learn(Queues& queues, const State& state, const RowChanged& one) {
  for (const NodeShare& share : state.find_job(one.job)->run->allocation.nodes) {
    queues.wake_node(state, share.node);
  }
}

void learn(Queues& queues, const State& state, const UsageCharged&) {
  queues.learn_charge(state);
}

}  // namespace

void Plan::observe(const State& state, const Fact& fact) {
  if (!queues_->is_built) return;
  Queues& queues = *queues_;
  std::visit(
      [&](const auto& one) {
        learn(queues, state, one);
        if constexpr (requires { one.job; }) {
          for (const JobId id : dependents_of(state, one.job)) {
            queues.reconsider(state, id);
            queues.renew_at(state, id);
          }
        }
      },
      fact);
}

}  // namespace cox::core
