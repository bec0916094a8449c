// Backfill: the first jobs that wait are reserved, and lower ones start where no promise is broken.
// Spec: docs/adr/0017-profile-and-reservations.md
// Invariant: a class that was refused in this round would be refused again, whatever time it is,
// until a fact renews the pass, a running job is overdue, or (doubtful ones) another job starts.
#include "core/schedule/backfill.h"

#include <algorithm>
#include <utility>

#include "core/job/start.h"
#include "core/schedule/plan.h"
#include "core/schedule/queues.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

/// Classes filtered in one step of a pass.
constexpr std::size_t filter_stride = 1024;

}  // namespace

BackfillKind backfill_kind(const Settings& settings) {
  if (settings.backfill == "easy") return BackfillKind::easy;
  if (settings.backfill == "easy-sjbf") return BackfillKind::easy_sjbf;
  if (settings.backfill == "conservative") return BackfillKind::conservative;
  return BackfillKind::none;
}

ClassFilter::ClassFilter(std::uint64_t cores_least,
                         std::uint32_t idle_nodes,
                         std::size_t in,
                         Duration limit)
    : cores(static_cast<std::uint32_t>(
          std::min<std::uint64_t>(cores_least, std::numeric_limits<std::uint32_t>::max()))),
      nodes(idle_nodes),
      partition(static_cast<std::uint32_t>(in)),
      length(limit) {}

void Pass::begin(const State& state) {
  kind = backfill_kind(state.record.settings);
  filters.clear();
  running.clear();
  if (kind != BackfillKind::none) running.rebuild(state);
  renew();
}

void Pass::renew() {
  reservations.clear();
  scan.is_begun = false;
  full.is_begun = false;
}

bool Pass::plans_otherwise_now() const {
  if (!full.has_started) return false;
  return !reservations.all().empty() || std::ranges::any_of(full.lanes, &Lane::counts_memory);
}

bool Pass::has_expired(Instant now) const {
  if (kind == BackfillKind::none || running.by_end().empty()) return false;
  if (running.by_end().begin()->first > now) return false;
  const Instant next = running.next_end(looked);
  // An overdue job is expected in a second from now, whenever now is: so is what waits for it.
  return (next.is_set() && next <= now) || second_of(now) != second_of(looked);
}

const Reservations& Plan::reserve(const State& state, const Contact& contact) {
  Queues& queues = *queues_;
  Pass& pass = queues.pass;
  if (pass.reservations.is_known()) return pass.reservations;
  std::vector<Head> heads;
  std::vector<const Bitset*> ready;
  for (std::size_t i = 0; i < queues.partitions.size(); ++i) {
    PartitionQueue& partition = queues.partitions[i];
    ready.push_back(&queues.ready_of(partition, state, contact));
    // Where jobs take turns nobody can say when one of them ends.
    if (partition.settings.takes_turns()) continue;
    if (partition.refused.has_value()) heads.push_back(Head{*partition.refused, i});
  }
  std::ranges::sort(heads, [](const Head& a, const Head& b) { return a.place < b.place; });
  const Timeline timeline(state, pass.running, queues.now);
  const LicenseTimeline licenses(state, pass.running, queues.now);
  pass.reservations.rebuild(state, timeline, licenses, heads, ready);
  return pass.reservations;
}

/// Where `job` may be placed without breaking a promise to a job above; nothing: nowhere.
std::optional<Allocation> Plan::keep_promises(const State& state,
                                              const Contact& contact,
                                              PartitionQueue& partition,
                                              const Job& job,
                                              Allocation allocation,
                                              const Above& above) {
  Reservations& reservations = queues_->pass.reservations;
  static_cast<void>(reserve(state, contact));
  const Second end = end_second(queues_->now, job.request.time_limit);
  if (!reservations.allows_licenses(licenses_of(job.request), end, above)) return std::nullopt;
  if (reservations.allows(allocation, job.request, end, above)) return allocation;
  const Bitset& ready = queues_->ready_of(partition, state, contact);
  const auto rest = reservations.around(ready, end, above);
  if (!rest.has_value()) return std::nullopt;
  return try_place(state, *queues_->policies.select, partition.settings, *rest, job.request)
      .allocation;
}

bool Plan::filter_classes() {
  Queues& queues = *queues_;
  Pass& pass = queues.pass;
  Scan& scan = pass.scan;
  if (!scan.is_begun) {
    scan = Scan{true, scan.round + 1, 0, {}, {}, {}};
  }
  for (const std::size_t which : std::exchange(scan.late, {})) queues.offer(which);
  if (scan.next_class == pass.filters.size()) return false;
  const std::size_t end = std::min(scan.next_class + filter_stride, pass.filters.size());
  for (; scan.next_class < end; ++scan.next_class) {
    const ClassFilter& filter = pass.filters[scan.next_class];
    const PartitionQueue& partition = queues.partitions[filter.partition];
    if (filter.cores <= partition.free_cores && filter.nodes <= partition.idle_nodes) {
      queues.offer(scan.next_class);
    }
  }
  return true;
}

/// Its first job may be the next to start, unless the class is empty, out of question or reserved.
void Plan::Queues::offer(std::size_t which) {
  const JobClass& one = classes[which];
  const PartitionQueue& partition = partitions[one.partition];
  if (one.jobs.empty() || one.is_hopeless || one.refused_in == pass.scan.round) return;
  if (partition.settings.takes_turns()) return;  // nobody overtakes there
  const Place first = one.first();
  if (partition.refused == first) return;
  Candidate candidate{0, 0, first, which};
  if (pass.kind == BackfillKind::easy_sjbf) {
    candidate.tier = partition.settings.tier;
    candidate.length = pass.filters[which].length.us;
  }
  pass.scan.heap.push_back(candidate);
  std::push_heap(pass.scan.heap.begin(), pass.scan.heap.end());
}

Facts Plan::backfill(const State& state, const Contact& contact, bool* more) {
  Queues& queues = *queues_;
  Scan& scan = queues.pass.scan;
  *more = true;
  for (PartitionQueue& partition : queues.partitions) queues.ready_of(partition, state, contact);
  if (filter_classes()) return {};
  if (scan.heap.empty()) {
    *more = false;
    return {};
  }
  const Candidate first = scan.heap.front();
  JobClass& one = queues.classes[first.which];
  if (one.jobs.empty() || one.first() != first.place || one.refused_in == scan.round) {
    std::pop_heap(scan.heap.begin(), scan.heap.end());
    scan.heap.pop_back();
    queues.offer(first.which);
    return {};
  }
  Facts facts = start_behind(state, contact, first.which);
  if (facts.empty()) {
    std::pop_heap(scan.heap.begin(), scan.heap.end());
    scan.heap.pop_back();
  }
  return facts;
}

Facts Plan::start_behind(const State& state, const Contact& contact, std::size_t which) {
  Queues& queues = *queues_;
  Pass& pass = queues.pass;
  JobClass& one = queues.classes[which];
  PartitionQueue& partition = queues.partitions[one.partition];
  one.refused_in = pass.scan.round;  // unless it starts
  if (one.cores_least > partition.free_cores) return {};
  const Job& job = *queues.candidate(state, one.first().job);
  const Second end = end_second(queues.now, job.request.time_limit);
  if (reserve(state, contact).refuses(one.partition, one.cores_least, end)) return {};
  const Bitset& ready = queues.ready_of(partition, state, contact);
  Trial trial = queues.try_head(state, partition, ready, one);
  if (trial.is_hopeless) queues.leave_planning_set(which);
  if (!trial.allocation.has_value()) return {};
  const auto allocation =
      keep_promises(state, contact, partition, job, std::move(*trial.allocation), {});
  if (!allocation.has_value()) {
    pass.scan.doubtful.push_back(which);
    return {};
  }
  one.refused_in = 0;
  Facts facts = start_job(state, job, partition.settings.name, *allocation, queues.now);
  if (has_start(facts)) {
    pass.reservations.started(*allocation, job.request, end);
    queues.reconsider();
  }
  return facts;
}

/// A job started behind the reserved ones: other choices of nodes may fit where the last did not.
void Plan::Queues::reconsider() {
  for (const std::size_t which : std::exchange(pass.scan.doubtful, {})) {
    classes[which].refused_in = 0;
    offer(which);
  }
  for (PartitionQueue& partition : partitions) {
    if (partition.refused.has_value() && partition.is_held_back) partition.refused.reset();
  }
}

}  // namespace cox::core
