// Conservative backfill: every job in order gets the earliest start that delays none before it.
// Spec: docs/adr/0017-profile-and-reservations.md
// The plan ends where nothing is free any more: what starts later is decided later.
#include <algorithm>
#include <utility>

#include "core/job/start.h"
#include "core/schedule/backfill.h"
#include "core/schedule/plan.h"
#include "core/schedule/queues.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

bool is_planned_later(const FullPlan::Entry& a, const FullPlan::Entry& b) {
  return b < a;
}

}  // namespace

void FullPlan::push(const Entry& entry) {
  heap.push_back(entry);
  std::push_heap(heap.begin(), heap.end(), is_planned_later);
}

std::optional<FullPlan::Entry> FullPlan::pop() {
  if (heap.empty()) return std::nullopt;
  std::pop_heap(heap.begin(), heap.end(), is_planned_later);
  const Entry next = heap.back();
  heap.pop_back();
  return next;
}

/// Of partitions with the same nodes. It follows from fleet and settings, not from what waits.
Lane Plan::Queues::make_lane(const State& state, const std::vector<std::size_t>& members) const {
  const Bitset& ready = *partitions[members.front()].ready;
  const bool all_whole = std::ranges::all_of(
      members, [this](std::size_t i) { return partitions[i].settings.whole_nodes; });
  bool is_alone = !by_user;  // who keeps others out takes more than is counted
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    if (std::ranges::find(members, i) != members.end()) continue;
    is_alone = is_alone && !partitions[i].ready->intersects(ready);
  }
  return Lane(state, pass.running, now, ready, all_whole ? LaneUnit::nodes : LaneUnit::cores,
              is_alone);
}

void Plan::begin_plan(const State& state, const Contact& contact) {
  Queues& queues = *queues_;
  FullPlan& full = queues.pass.full;
  full = FullPlan{};
  full.is_begun = true;
  full.timeline = Timeline(state, queues.pass.running, queues.now);
  full.licenses = LicenseTimeline(state, queues.pass.running, queues.now);
  queues.pass.reservations.rebuild(state, full.timeline, full.licenses, {}, {});
  std::vector<std::vector<std::size_t>> members;
  for (std::size_t i = 0; i < queues.partitions.size(); ++i) {
    const Bitset& ready = queues.ready_of(queues.partitions[i], state, contact);
    const bool takes_turns = queues.partitions[i].settings.takes_turns();
    if (!takes_turns) queues.partitions[i].refused.reset();
    const auto same = std::ranges::find_if(members, [&](const auto& group) {
      return *queues.partitions[group.front()].ready == ready;
    });
    full.lane_of.push_back(static_cast<std::size_t>(same - members.begin()));
    if (same == members.end()) members.emplace_back();
    members[full.lane_of.back()].push_back(i);
    if (takes_turns) continue;
    for (const auto& [place, which] : queues.partitions[i].heads) {
      full.heap.push_back({place, i, which});
    }
  }
  for (const auto& group : members) full.lanes.push_back(queues.make_lane(state, group));
  std::make_heap(full.heap.begin(), full.heap.end(), is_planned_later);
}

Facts Plan::plan_next(const State& state, const Contact& contact, bool* more) {
  Queues& queues = *queues_;
  FullPlan& full = queues.pass.full;
  if (!full.is_begun) begin_plan(state, contact);
  const bool has_room =
      std::ranges::any_of(full.lanes, [](const Lane& lane) { return lane.free_now() > 0; });
  const auto next = has_room ? full.pop() : std::nullopt;
  *more = next.has_value();
  if (!*more && has_room && queues.pass.plans_otherwise_now()) {
    queues.pass.renew();
    *more = true;
    return {};
  }
  if (!*more) {
    queues.settle_reasons(state);
    return {};
  }
  if (full.has_planned(*next)) return {};
  full.last = next;
  const Place place = next->place;
  const std::size_t which = next->which;
  JobClass& one = queues.classes[which];
  if (const auto later = one.after(place); later.has_value() && next->nth == 0) {
    full.push({*later, next->partition, which});
  }
  // Of an array the starts that are reserved already wait as well.
  const std::uint32_t starts = queues.starts_waiting(state, place.job);
  const Job* job = starts > next->reserved ? queues.candidate(state, place.job) : nullptr;
  if (one.is_hopeless || one.jobs.empty() || job == nullptr) return {};
  PartitionQueue& partition = queues.partitions[one.partition];
  Lane& lane = full.lanes[full.lane_of[one.partition]];
  const std::int64_t units = lane.units(state, partition.settings, job->request);
  const Second end = end_second(queues.now, job->request.time_limit);
  const bool fits_lane =
      lane.can_start(units, end) && full.licenses.lasts_from_now(licenses_of(job->request), end);
  // What comes after a reserved start of the same place starts no earlier.
  const auto allocation =
      next->reserved == 0 ? place_planned(state, contact, place, which, fits_lane) : std::nullopt;
  if (one.is_hopeless) return {};
  if (starts > next->reserved + 1) full.push(next->following(!allocation.has_value()));
  if (allocation.has_value()) return start_planned(state, partition, *job, *allocation);
  reserve_planned(state, contact, place, which);
  return {};
}

/// Where it starts now; nothing when it does not. The first job of a partition learns why.
std::optional<Allocation> Plan::place_planned(const State& state,
                                              const Contact& contact,
                                              const Place& place,
                                              std::size_t which,
                                              bool fits_lane) {
  Queues& queues = *queues_;
  JobClass& one = queues.classes[which];
  PartitionQueue& partition = queues.partitions[one.partition];
  const bool is_head = partition.heads.begin()->first == place;
  // A later job of a class starts no earlier than its first.
  if (one.first() != place || (!fits_lane && !is_head)) return std::nullopt;
  Trial trial = queues.try_head(state, partition, *partition.ready, one);
  if (trial.is_hopeless) {
    queues.leave_planning_set(which);
    return std::nullopt;
  }
  std::optional<Allocation> allocation;
  if (trial.allocation.has_value() && fits_lane) {
    const Job& job = *queues.candidate(state, place.job);
    allocation = keep_promises(state, contact, partition, job, *trial.allocation, {});
    const Lane& lane = queues.pass.full.lanes[queues.pass.full.lane_of[one.partition]];
    const Second end = end_second(queues.now, job.request.time_limit);
    if (allocation.has_value() &&
        !lane.keeps_counted(lane.taken(state, parts_of(*allocation, job.request)), end)) {
      allocation.reset();
    }
  }
  if (is_head && !allocation.has_value()) {
    partition.refused = place;
    partition.blocked = trial.allocation.has_value() ? Blocked{Reason::priority, 0} : trial.blocked;
  }
  return allocation;
}

Facts Plan::start_planned(const State& state,
                          PartitionQueue& partition,
                          const Job& job,
                          const Allocation& allocation) {
  Queues& queues = *queues_;
  Pass& pass = queues.pass;
  Facts facts = start_job(state, job, partition.settings.name, allocation, queues.now);
  if (!has_start(facts)) {
    pass.renew();
    return facts;
  }
  const Second end = end_second(queues.now, job.request.time_limit);
  pass.full.starting = pass.full.last;
  pass.full.has_started = true;
  const std::vector<Part> parts = parts_of(allocation, job.request);
  pass.full.timeline.free(end, parts);
  pass.full.licenses.take_from_now(licenses_of(job.request), end);
  for (Lane& lane : pass.full.lanes) lane.start(lane.taken(state, parts), end);
  return facts;
}

void Plan::reserve_planned(const State& state,
                           const Contact& contact,
                           const Place& place,
                           std::size_t which) {
  Queues& queues = *queues_;
  FullPlan& full = queues.pass.full;
  const std::size_t at = queues.classes[which].partition;
  PartitionQueue& partition = queues.partitions[at];
  Lane& lane = full.lanes[full.lane_of[at]];
  const JobRequest& request = queues.candidate(state, place.job)->request;
  const std::int64_t units = lane.units(state, partition.settings, request);
  const Licenses& licenses = licenses_of(request);
  const Second soon = queues.now.us / us_per_second;
  const bool is_licensed =
      full.licenses.lasts_from_now(licenses, end_second(queues.now, request.time_limit));
  // It does not start now, though perhaps so many are free; then it cannot before something is
  // taken or given back, which another plan says as well a second later, when nothing has happened.
  const Second from = is_licensed ? lane.next_change(soon) : soon + 1;
  if (from == second_never) return;
  if (lane.counts_exactly(request, partition.settings)) {
    const auto start = lane.earliest_counted(units, request.time_limit, from);
    if (start.has_value()) lane.reserve_counted(units, *start, request.time_limit);
    return;
  }
  const auto first = licenses.empty() ? lane.earliest(units, request.time_limit, from)
                                      : lane.earliest_with(units, full.licenses, licenses,
                                                           request.time_limit, from);
  if (!first.has_value()) return;  // behind a job without a limit: nothing is promised
  Reservations& reservations = queues.pass.reservations;
  if (reservations.all().size() < state.record.settings.reservations) {
    const Bitset& ready = queues.ready_of(partition, state, contact);
    Taken taken;
    const auto start =
        reservations.add(state, full.timeline, full.licenses, Head{place, at}, ready, *first,
                         [&](const std::vector<Part>& parts, Second when) {
                           taken = lane.taken(state, parts);
                           return lane.earliest_beside(taken, request.time_limit, when);
                         });
    if (start.has_value()) {
      lane.reserve(taken, *start, request.time_limit);
      return;
    }
  }
  lane.reserve({units, units}, *first, request.time_limit);
  full.licenses.take(licenses, *first, end_second(*first, request.time_limit));
}

/// The plan has ended: what stands first waits for resources, unless it is held back and would
/// still fit after all that started since it was looked at.
void Plan::Queues::settle_reasons(const State& state) {
  for (PartitionQueue& partition : partitions) {
    if (partition.heads.empty() || partition.settings.takes_turns()) continue;
    const auto [place, which] = *partition.heads.begin();
    const bool is_known = partition.refused == place;
    if (is_known && partition.blocked.code != Reason::priority) continue;
    partition.refused = place;
    const Trial trial = try_head(state, partition, *partition.ready, classes[which]);
    partition.blocked = trial.allocation.has_value() ? Blocked{Reason::priority, 0} : trial.blocked;
  }
}

}  // namespace cox::core
