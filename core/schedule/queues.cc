// See queues.h. Invariant: a class is in `heads` of its partition, under its first job, exactly
// when it has jobs and is not hopeless.
#include "core/schedule/queues.h"

#include <algorithm>

#include "core/fairshare/usage.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/waits.h"
#include "core/schedule/class_key.h"
#include "core/schedule/gate.h"
#include "core/schedule/order_key.h"
#include "core/schedule/trial.h"

namespace cox::core {

template <class Change>
void Plan::Queues::changing(JobClass& one, std::size_t which, Change change) {
  auto& heads = partitions[one.partition].heads;
  if (!one.is_hopeless && !one.jobs.empty()) heads.erase(one.first());
  change(one);
  if (!one.is_hopeless && !one.jobs.empty()) heads.emplace(one.first(), which);
}

const Bitset& Plan::Queues::ready_of(PartitionQueue& partition,
                                     const State& state,
                                     const Contact& contact) {
  if (!partition.ready.has_value()) {
    partition.ready = ready_nodes(state, contact, partition.settings.name);
    partition.free_cores = partition.idle_nodes = 0;
    partition.ready->for_each([&](std::size_t node) {
      partition.free_cores += state.index.free[node].cores.count();
      partition.idle_nodes += state.index.free[node].jobs == 0 ? 1 : 0;
    });
  }
  return *partition.ready;
}

namespace {

/// Cheap reject: too few free cores in the whole partition. Only for classes known to fit some day.
bool fails_count(const PartitionQueue& partition, const JobClass& one) {
  return one.is_checked && partition.free_cores < one.cores_least;
}

}  // namespace

Trial Plan::Queues::try_head(const State& state,
                             const PartitionQueue& partition,
                             const Bitset& ready,
                             JobClass& one) const {
  const Job& head = *candidate(state, one.first().job);
  if (fails_count(partition, one)) {
    const std::uint64_t missing = licenses_missing(state, licenses_of(head.request));
    if (missing != 0) return Trial{std::nullopt, Blocked{Reason::licenses, missing}, false};
    return Trial{std::nullopt, Blocked{Reason::resources, 1}, false};
  }
  const SelectPolicy& select = *policies.select;
  if (auto elsewhere = try_elsewhere(state, select, partition.settings, ready, head)) {
    return std::move(*elsewhere);
  }
  Trial trial = try_place(state, select, partition.settings, ready, head.request);
  one.is_checked = true;
  if (trial.is_hopeless) one.blocked = trial.blocked;
  return trial;
}

void Plan::Queues::begin(const State& state) {
  partitions.clear();
  classes.clear();
  kinds.clear();
  class_by_key.clear();
  seats.clear();
  waiting.clear();
  ready_elements.clear();
  unchecked.clear();
  apart.clear();
  for (const PartitionSettings& settings : state.record.settings.partitions) {
    PartitionQueue& queue = partitions.emplace_back();
    queue.settings = settings;
    queue.is_down = state.record.partitions_down.contains(settings.name);
  }
  is_built = true;
  by_user = by_user || !state.index.apart_on_node.empty();
  if (policies.priority->has_shares()) shares = FairTree(state);
  pass.begin(state);
  filled_from = JobId{};
}

// What facts do meanwhile to jobs behind this place is done again when it comes to them, without
// effect; jobs that are submitted meanwhile are behind it.
bool Plan::Queues::fill(const State& state, std::size_t most) {
  if (!filled_from.has_value()) return true;
  auto next = state.index.unended.from(*filled_from);
  for (; next != state.index.unended.end() && most > 0; ++next, --most) insert(state, *next);
  if (next != state.index.unended.end()) {
    filled_from = *next;
    return false;
  }
  filled_from.reset();
  return true;
}

void Plan::Queues::enqueue(const State& state, const Job& job, JobId place_id) {
  if (seats.contains(place_id)) return;
  if (!by_user && tenant_of(job.request).is_apart) {
    by_user = true;
    is_built = false;  // the next step begins anew
  }
  std::vector<Seat> mine;
  for (const std::string& name : job.request.common->partitions) {
    const auto partition = std::ranges::find_if(
        partitions, [&name](const PartitionQueue& one) { return one.settings.name == name; });
    if (partition == partitions.end()) continue;  // the settings no longer have it
    if (gate(partition->settings, partition->is_down, job.request).code != Reason::none) continue;
    const auto index = static_cast<std::size_t>(partition - partitions.begin());
    const Place place{base_key(state, *policies.priority, job, partition->settings), place_id};
    const std::size_t which = class_of(state, job, index);
    mine.push_back({static_cast<std::uint32_t>(which), place});
    if (!classes[which].is_checked) unchecked.push_back(which);
    changing(classes[which], which, [&place](JobClass& one) { one.jobs.insert(place); });
    if (pass.scan.is_begun && classes[which].refused_in != pass.scan.round) {
      pass.scan.late.push_back(which);
    }
    if (partition->settings.takes_turns()) continue;  // nothing is planned there
    const FullPlan::Entry entry{moved(place, classes[which].share), index, which};
    // A plan that was finished counts from a moment that has passed: it is not gone on with.
    if (pass.full.has_planned(entry) || (pass.full.is_begun && pass.full.heap.empty())) {
      renew();
    } else if (pass.full.is_begun) {
      pass.full.push(entry);
    }
  }
  seats.insert(place_id, mine);
}

std::uint32_t Plan::Queues::kind_of(const Job& job, PartitionQueue& queue) {
  const Cow<JobCommon>& common = job.request.common;
  if (!common.is_blank() && common.is_same(queue.last_common)) return queue.last_kind;
  std::string key = kind_key(*common, queue.settings.name);
  if (policies.priority->has_shares() || by_user) key += std::to_string(common->user.uid);
  const auto next = static_cast<std::uint32_t>(kinds.size());
  queue.last_common = common;
  return queue.last_kind = kinds.try_emplace(std::move(key), next).first->second;
}

std::size_t Plan::Queues::class_of(const State& state, const Job& job, std::size_t partition) {
  PartitionQueue& queue = partitions[partition];
  const ClassKey key{kind_of(job, queue), job.request.time_limit};
  const auto [entry, is_new] = class_by_key.try_emplace(key, classes.size());
  if (!is_new) return entry->second;
  const PartitionSettings& settings = queue.settings;
  JobClass& fresh = classes.emplace_back();
  fresh.partition = partition;
  if (policies.priority->has_shares()) {
    fresh.who = association_of(state.record.settings, job.request);
    fresh.share = share_key(shares, state, *policies.priority, job.request);
  }
  fresh.cores_least = cores_least(job.request, settings);
  const bool is_whole = takes_whole_nodes(job.request, settings);
  pass.filters.emplace_back(fresh.cores_least,
                            is_whole ? job.request.common->components.front().nodes_min : 0,
                            partition, job.request.time_limit);
  return entry->second;
}

bool Plan::Queues::is_littered() const {
  constexpr std::size_t classes_kept = 4096;
  return classes.size() > classes_kept && classes.size() > 4 * seats.size();
}

void Plan::Queues::leave(JobId id) {
  for (const Seat& seat : seats.at(id)) {
    const std::size_t in = classes[seat.which].partition;
    const Place place = moved(seat.place, classes[seat.which].share);
    const bool is_refused = partitions[in].refused == place;
    const bool is_planned = !partitions[in].settings.takes_turns();
    if (is_refused || (is_planned && pass.full.is_upset_without({place, in, seat.which}))) renew();
    changing(classes[seat.which], seat.which,
             [&seat](JobClass& one) { one.jobs.erase(seat.place); });
  }
  seats.erase(id);
}

void Plan::Queues::wake_due(const State& state) {
  while (!waiting.empty() && waiting.begin()->first <= now) {
    const JobId id = waiting.begin()->second;
    waiting.erase(waiting.begin());
    insert(state, id);
  }
}

std::vector<Seat> Plan::Queues::seats_of(JobId id) const {
  std::vector<Seat> mine = seats.at(id);
  for (Seat& seat : mine) seat.place = moved(seat.place, classes[seat.which].share);
  return mine;
}

void Plan::Queues::learn_user(const State& state, JobId id) {
  if (!policies.priority->has_shares()) return;
  const Job& job = *state.find_job(id);
  if (!shares.contains(association_of(state.record.settings, job.request))) rank(state);
}

void Plan::Queues::learn_charge(const State& state) {
  rank(state);
  age_the_oldest(state);
}

void Plan::Queues::rank(const State& state) {
  if (!policies.priority->has_shares()) return;
  shares = FairTree(state);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto place = shares.rank(*classes[i].who).value_or(FairRank{});
    const std::int64_t share = policies.priority->share_key(state.record.settings, place);
    if (share == classes[i].share) continue;
    changing(classes[i], i, [share](JobClass& one) { one.share = share; });
  }
  // Who was refused need not be the first any more, and what was planned is in another order.
  for (PartitionQueue& partition : partitions) partition.refused.reset();
  pass.renew();
}

void Plan::Queues::age_the_oldest(const State& state) {
  const Duration cap = policies.priority->age_cap(state.record.settings);
  if (cap == duration_unlimited) return;
  const Instant from{state.record.usage.charged_at.us - cap.us};
  std::vector<JobId> old;
  for (const JobId id : state.index.unended) {
    const Job& job = *state.find_job(id);
    if (is_element(job)) continue;  // ids of elements are no older than their starts
    if (job.submitted >= from) break;
    if (seats.contains(id)) old.push_back(id);
  }
  for (const auto& [array, elements] : apart) {
    for (const JobId id : elements) {
      if (seats.contains(id) && state.find_job(id)->submitted < from) old.push_back(id);
    }
  }
  for (const JobId id : old) {
    leave(id);
    insert(state, id);
  }
}

void Plan::Queues::fleet_changed() {
  unchecked.clear();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    classes[i].is_checked = false;
    if (classes[i].is_hopeless) {
      changing(classes[i], i, [](JobClass& one) { one.is_hopeless = false; });
    }
    if (!classes[i].jobs.empty()) unchecked.push_back(i);
  }
  for (PartitionQueue& partition : partitions) {
    partition.refused.reset();
    partition.ready.reset();
  }
  renew();
}

void Plan::Queues::renew() {
  if (pass.kind == BackfillKind::none) return;
  for (PartitionQueue& partition : partitions) partition.refused.reset();
  pass.renew();
}

void Plan::Queues::renew_at(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  if (job == nullptr || !(is_array(*job) || is_element(*job))) return;
  std::vector<Seat> seats_there = seats_of(is_element(*job) ? job->array : id);
  if (is_element(*job)) {
    const std::vector<Seat> own = seats_of(id);
    seats_there.insert(seats_there.end(), own.begin(), own.end());
  }
  for (const Seat& seat : seats_there) {
    if (pass.full.has_planned({seat.place, classes[seat.which].partition, seat.which})) renew();
  }
}

void Plan::Queues::learn_running(const State& state, JobId id) {
  if (pass.kind != BackfillKind::none) pass.running.learn(state, id);
}

void Plan::Queues::wake_node(const State& state, NodeId node) {
  renew();
  for (PartitionQueue& partition : partitions) {
    const auto nodes = state.index.partition_nodes.find(partition.settings.name);
    if (nodes != state.index.partition_nodes.end() && nodes->second.test(node.value)) {
      partition.refused.reset();
    }
  }
}

void Plan::Queues::wake_for_licenses(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  if (job == nullptr || licenses_of(job->request).empty()) return;
  renew();
  for (PartitionQueue& partition : partitions) partition.refused.reset();
}

void Plan::Queues::wake_behind_rows(const State& state, const Job& job, NodeId node) {
  if (job.run->allocation.row == 0) return;
  const std::string& name = partition_of(job);
  const auto own = std::ranges::find_if(
      partitions, [&name](const PartitionQueue& one) { return one.settings.name == name; });
  const bool is_theirs_still = own != partitions.end() && own->settings.takes_turns() &&
                               state.index.partition_nodes.at(name).test(node.value);
  if (!is_theirs_still) fleet_changed();
}

void Plan::Queues::count_free(const State& state,
                              const Allocation& allocation,
                              const NodeShare& share,
                              bool freed) {
  if (allocation.row != 0) return;  // cores that are used in turns stay free
  const std::size_t node = share.node.value;
  const std::uint64_t cores = share.cores.count();
  // One job there: it is the one that was taken in; none: the last has gone.
  const bool was_idle_or_is = state.index.free[node].jobs == (freed ? 0U : 1U);
  for (PartitionQueue& partition : partitions) {
    if (!partition.ready.has_value() || !partition.ready->test(node)) continue;
    partition.free_cores = freed ? partition.free_cores + cores : partition.free_cores - cores;
    if (was_idle_or_is) partition.idle_nodes += freed ? 1 : std::uint64_t{0} - 1;
  }
}

void Plan::Queues::leave_planning_set(std::size_t which) {
  changing(classes[which], which, [](JobClass& one) { one.is_hopeless = true; });
}

}  // namespace cox::core
