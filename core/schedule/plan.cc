// The pass, readable from top to bottom in step() and look(): order, filter, place, start, reserve,
// backfill.
#include "core/schedule/plan.h"

#include <algorithm>
#include <utility>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/start.h"
#include "core/job/waits.h"
#include "core/schedule/gate.h"
#include "core/schedule/queues.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

/// The partition whose head comes first of all, among those awake. `in_turns`: among those where
/// jobs take turns.
PartitionQueue* next_partition(std::vector<PartitionQueue>& partitions, bool in_turns = false) {
  PartitionQueue* best = nullptr;
  for (PartitionQueue& partition : partitions) {
    if (partition.is_asleep() || (in_turns && !partition.settings.takes_turns())) continue;
    if (best == nullptr || partition.heads.begin()->first < best->heads.begin()->first) {
      best = &partition;
    }
  }
  return best;
}

/// To take in a job costs a part of a look at the head of a class.
constexpr std::size_t fills_per_step = 4;

}  // namespace

Plan::Plan(Policies policies) : queues_(std::make_unique<Queues>()) {
  queues_->policies = policies;
}

Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

void Plan::drop() {
  queues_->is_built = false;
}

void Plan::contact_changed() {
  if (queues_->is_built) queues_->fleet_changed();
}

Facts Plan::step(
    const State& state, const Contact& contact, Instant now, std::size_t steps, bool* done) {
  Queues& queues = *queues_;
  queues.now = now;
  if (!queues.is_built || (queues.is_filled() && queues.is_littered())) queues.begin(state);
  *done = false;
  if (!queues.fill(state, steps * fills_per_step) || !queues.is_built) return {};
  if (queues.contact_generation != contact.generation) queues.fleet_changed();
  queues.contact_generation = contact.generation;
  queues.wake_due(state);
  if (!queues.is_built) return {};
  if (queues.pass.has_expired(now)) queues.renew();
  queues.pass.looked = now;
  for (std::size_t i = 0; i < steps; ++i) {
    if (queues.pass.kind == BackfillKind::conservative) {
      if (PartitionQueue* in_turns = next_partition(queues.partitions, true)) {
        Facts started = look(state, contact, *in_turns);
        if (!started.empty()) return started;
        continue;
      }
      if (check_class(state, contact)) continue;
      bool more = false;
      Facts started = plan_next(state, contact, &more);
      *done = started.empty() && !more;
      if (!started.empty() || !more) return started;
      continue;
    }
    PartitionQueue* partition = next_partition(queues.partitions);  // 1. order
    if (partition == nullptr) {
      bool more = false;
      if (queues.pass.kind != BackfillKind::none) {
        Facts started = backfill(state, contact, &more);  // 6. backfill behind reserved jobs
        if (!started.empty()) return started;
        if (more) continue;
      }
      if (!check_class(state, contact)) {
        *done = true;
        return {};
      }
      continue;
    }
    Facts started = look(state, contact, *partition);
    if (!started.empty()) return started;
  }
  return {};
}

Facts Plan::look(const State& state, const Contact& contact, PartitionQueue& partition) {
  const auto [place, which] = *partition.heads.begin();
  JobClass& one = queues_->classes[which];
  const Job& job = *queues_->candidate(state, place.job);
  const Bitset& ready = queues_->ready_of(partition, state, contact);
  // 2. filter by counts, 3. place
  Trial trial = queues_->try_head(state, partition, ready, one);
  if (trial.is_hopeless) {
    queues_->leave_planning_set(which);
    return {};
  }
  partition.is_held_back = false;
  // Where jobs take turns nothing is promised, and its nodes are in no other partition.
  const bool takes_turns = partition.settings.takes_turns();
  if (!takes_turns && trial.allocation.has_value() && has_promises_above(place)) {
    trial.allocation = keep_promises(state, contact, partition, job, *trial.allocation, place);
    partition.is_held_back = !trial.allocation.has_value();
    if (partition.is_held_back) trial.blocked = Blocked{Reason::priority, 0};
  }
  if (!takes_turns) queues_->pass.renew();
  if (!trial.allocation.has_value()) {
    // 5. reserve: what is behind a job that waits for resources may not delay it.
    partition.refused = place;
    partition.blocked = trial.blocked;
    return {};
  }
  return start_job(state, job, partition.settings.name, *trial.allocation,
                   queues_->now);  // 4. start
}

/// A job of another partition that comes before `place` was refused, and is reserved.
bool Plan::has_promises_above(const Place& place) const {
  if (queues_->pass.kind == BackfillKind::none) return false;
  return std::ranges::any_of(queues_->partitions, [&place](const PartitionQueue& one) {
    return one.refused.has_value() && *one.refused < place && one.is_asleep();
  });
}

bool Plan::check_class(const State& state, const Contact& contact) {
  Queues& queues = *queues_;
  while (!queues.unchecked.empty()) {
    const std::size_t which = queues.unchecked.back();
    queues.unchecked.pop_back();
    JobClass& one = queues.classes[which];
    if (one.is_checked || one.jobs.empty()) continue;
    PartitionQueue& partition = queues.partitions[one.partition];
    const Trial trial =
        queues.try_head(state, partition, queues.ready_of(partition, state, contact), one);
    if (trial.is_hopeless) queues.leave_planning_set(which);
    return true;
  }
  return false;
}

Instant Plan::next_wake() const {
  const Queues& queues = *queues_;
  const Instant begin = queues.waiting.empty() ? Instant{} : queues.waiting.begin()->first;
  const bool waits = std::ranges::any_of(
      queues.partitions, [](const PartitionQueue& one) { return one.refused.has_value(); });
  if (!waits || queues.pass.kind == BackfillKind::none) return begin;
  // What waits for a job that is overdue by then is planned anew.
  const Instant end = queues.pass.running.next_end(queues.pass.looked);
  return begin.is_set() && (!end.is_set() || begin < end) ? begin : end;
}

Blocked Plan::blocked(const State& state, JobId id) const {
  const Queues& queues = *queues_;
  const Job* job = state.find_job(id);
  if (job == nullptr || job->phase != JobPhase::pending) return Blocked{};
  if (const Blocked own = blocked_by_itself(state, *job, queues.now); own.code != Reason::none) {
    return own;
  }
  if (!queues.is_filled()) return Blocked{};
  const JobId place_id = is_element(*job) && !is_apart(state, *job) ? job->array : id;
  const bool is_first = queues.candidate(state, place_id) == job;
  const auto seats = queues.seats_of(place_id);
  Blocked best{Reason::partition_unknown, 0};
  if (seats.size() < job->request.common->partitions.size()) {
    const Blocked closed = closed_gates(state, job->request);
    if (closed.code != Reason::none || seats.empty()) best = closed;
  }
  for (const auto& [which, place] : seats) {
    const JobClass& one = queues.classes[which];
    const PartitionQueue& partition = queues.partitions[one.partition];
    if (one.is_hopeless) {
      best = nearer(best, one.blocked);
    } else if (!partition.is_asleep()) {
      best = nearer(best, Blocked{});
    } else if (partition.refused == place && is_first) {
      best = nearer(best, partition.blocked);
    } else {
      best = nearer(best, Blocked{Reason::priority, 0});
    }
  }
  return best;
}

}  // namespace cox::core
