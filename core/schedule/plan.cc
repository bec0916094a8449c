// The pass, readable from top to bottom in look(): order, filter, place, start.
#include "core/schedule/plan.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/start.h"
#include "core/schedule/gate.h"
#include "core/schedule/queues.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

/// The partition whose head comes first of all, among those awake.
PartitionQueue* next_partition(std::vector<PartitionQueue>& partitions) {
  PartitionQueue* best = nullptr;
  for (PartitionQueue& partition : partitions) {
    if (partition.is_asleep()) continue;
    if (best == nullptr || partition.heads.begin()->first < best->heads.begin()->first) {
      best = &partition;
    }
  }
  return best;
}

const Bitset& ready_of(PartitionQueue& partition, const State& state, const Contact& contact) {
  if (!partition.ready.has_value()) {
    partition.ready = ready_nodes(state, contact, partition.settings.name);
    partition.free_cores = 0;
    partition.ready->for_each(
        [&](std::size_t node) { partition.free_cores += state.index.free[node].cores.count(); });
  }
  return *partition.ready;
}

/// Cheap reject: too few free cores in the whole partition. Only for classes known to fit some day.
bool fails_count(const PartitionQueue& partition, const JobClass& one) {
  return one.is_checked && partition.free_cores < one.cores_least;
}

/// Tries the head of a class. A hopeless class gets its reason.
Trial try_head(const State& state,
               const Plan::Queues& queues,
               const PartitionQueue& partition,
               const Bitset& ready,
               JobClass& one) {
  const SelectPolicy& select = *queues.policies.select;
  if (fails_count(partition, one)) {
    return Trial{std::nullopt, Blocked{Reason::resources, 1}, false};
  }
  const Job& head = *queues.candidate(state, one.jobs.first().job);
  if (auto elsewhere = try_elsewhere(state, select, partition.settings, ready, head)) {
    return std::move(*elsewhere);
  }
  Trial trial = try_place(state, select, partition.settings, ready, head.request);
  one.is_checked = true;
  if (trial.is_hopeless) one.blocked = trial.blocked;
  return trial;
}

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

void Plan::observe(const State& state, const Fact& fact) {
  if (!queues_->is_built) return;
  Queues& queues = *queues_;
  std::visit(
      [&](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<One, JobSubmitted> || std::is_same_v<One, JobUnheld> ||
                      std::is_same_v<One, JobRequeued> || std::is_same_v<One, ElementSplit>) {
          queues.insert(state, one.job);
        } else if constexpr (std::is_same_v<One, StartUndone>) {
          for (const NodeShare& share : state.find_job(one.job)->run->allocation.nodes) {
            queues.count_cores(share.node, share.cores.count(), true);
            queues.wake_node(state, share.node);
          }
          queues.insert(state, one.job);
        } else if constexpr (std::is_same_v<One, JobHeld> || std::is_same_v<One, JobEnded> ||
                             std::is_same_v<One, ElementsCancelled>) {
          queues.remove(state, one.job);
        } else if constexpr (std::is_same_v<One, JobStarted>) {
          queues.remove(state, one.job);
          for (const NodeShare& share : one.allocation.nodes) {
            queues.count_cores(share.node, share.cores.count(), false);
          }
        } else if constexpr (std::is_same_v<One, NodeFreed>) {
          const Job& job = *state.find_job(one.job);
          const NodeShare& share = job.run->allocation.nodes[*node_position(job, one.node)];
          queues.count_cores(one.node, share.cores.count(), true);
          queues.wake_node(state, one.node);
        } else if constexpr (std::is_same_v<One, NodeRegistered> || std::is_same_v<One, NodeLost> ||
                             std::is_same_v<One, NodeSetAside> ||
                             std::is_same_v<One, NodeResumed> ||
                             std::is_same_v<One, NodeBackedOff> ||
                             std::is_same_v<One, NodeTriedAgain> ||
                             std::is_same_v<One, NodeStuck> || std::is_same_v<One, NodeUnstuck>) {
          queues.fleet_changed();
        } else if constexpr (std::is_same_v<One, SettingsApplied> ||
                             std::is_same_v<One, PartitionTakenDown> ||
                             std::is_same_v<One, PartitionBroughtUp>) {
          queues.is_built = false;
        }
      },
      fact);
}

Facts Plan::step(
    const State& state, const Contact& contact, Instant now, std::size_t steps, bool* done) {
  Queues& queues = *queues_;
  queues.now = now;
  if (!queues.is_built || queues.is_littered()) queues.rebuild(state);
  if (queues.contact_generation != contact.generation) queues.fleet_changed();
  queues.contact_generation = contact.generation;
  queues.wake_due(state);
  *done = false;
  for (std::size_t i = 0; i < steps; ++i) {
    PartitionQueue* partition = next_partition(queues.partitions);  // 1. order
    if (partition == nullptr) {
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
  const Bitset& ready = ready_of(partition, state, contact);
  // 2. filter by counts, 3. place
  Trial trial = try_head(state, *queues_, partition, ready, one);
  if (trial.is_hopeless) {
    queues_->leave_planning_set(which);
    return {};
  }
  if (!trial.allocation.has_value()) {
    // Strict order: what is behind a job that waits for resources waits too.
    partition.refused = place;
    partition.blocked = trial.blocked;
    return {};
  }
  return start_job(state, *queues_->candidate(state, place.job), partition.settings.name,
                   *trial.allocation, queues_->now);  // 4. start
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
        try_head(state, queues, partition, ready_of(partition, state, contact), one);
    if (trial.is_hopeless) queues.leave_planning_set(which);
    return true;
  }
  return false;
}

Instant Plan::next_wake() const {
  return queues_->waiting.empty() ? Instant{} : queues_->waiting.begin()->first;
}

Blocked Plan::blocked(const State& state, JobId id) const {
  const Queues& queues = *queues_;
  const Job* job = state.find_job(id);
  if (job == nullptr || job->phase != JobPhase::pending) return Blocked{};
  if (const Blocked own = blocked_by_itself(state, *job, queues.now); own.code != Reason::none) {
    return own;
  }
  if (!queues.is_built) return Blocked{};
  const JobId place_id = is_element(*job) ? job->array : id;
  const bool is_first = queues.candidate(state, place_id) == job;
  const auto seats = queues.seats.at(place_id);
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
