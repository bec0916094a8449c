// See timeline.h. Invariant: `changes_` is sorted by second, ties in order of arrival.
#include "core/schedule/timeline.h"

#include <algorithm>
#include <numeric>

#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

constexpr Instant instant_never{std::numeric_limits<std::int64_t>::max()};

/// Where changes stand that are expected soon.
Second soon(Instant now) {
  return now.us / us_per_second;
}

bool holds_nodes(const Job& job) {
  const bool is_begun = job.phase == JobPhase::starting || job.phase == JobPhase::running ||
                        job.phase == JobPhase::ending;
  return is_begun && !is_free(job);
}

}  // namespace

Second second_of(Instant at) {
  return at.us / us_per_second + (at.us % us_per_second > 0 ? 1 : 0);
}

Second end_second(Instant start, Duration length) {
  return length >= duration_unlimited ? second_never : second_of(start + length);
}

Second end_second(Second start, Duration length) {
  if (length >= duration_unlimited || start == second_never) return second_never;
  return start + second_of(Instant{length.us});
}

Instant expected_end(const Job& job) {
  if (job.phase == JobPhase::ending) return Instant{};
  const JobRun& run = *job.run;
  if (job.request.time_limit >= duration_unlimited || run.suspended.is_set()) return instant_never;
  const Instant begun = run.released.is_set() ? run.released : run.started;
  return begun + job.request.time_limit + run.stood;
}

void Running::rebuild(const State& state) {
  clear();
  for (const auto& jobs : state.index.jobs_on_node) {
    for (const JobId id : jobs) {
      if (!ends_.contains(id)) learn(state, id);
    }
  }
}

void Running::learn(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  // What takes turns gives no cores back, and nobody can tell when it ends.
  const bool holds = job != nullptr && holds_nodes(*job) && job->run->allocation.row == 0;
  const auto known = ends_.find(id);
  const Instant end = holds ? expected_end(*job) : Instant{};
  if (known != ends_.end()) {
    if (holds && known->second == end) return;
    by_end_.erase({known->second, id});
    if (!holds) {
      ends_.erase(known);
      return;
    }
    known->second = end;
  } else {
    if (!holds) return;
    ends_.emplace(id, end);
  }
  by_end_.emplace(end, id);
}

void Running::clear() {
  by_end_.clear();
  ends_.clear();
}

Instant Running::next_end(Instant now) const {
  const auto next = by_end_.upper_bound({now, JobId{~std::uint64_t{0}}});
  return next == by_end_.end() || next->first == instant_never ? Instant{} : next->first;
}

Part part_of(const NodeShare& share, const Tenant& tenant) {
  return Part{share.node,
              static_cast<std::uint32_t>(share.cores.count()),
              std::accumulate(share.memory_mib.begin(), share.memory_mib.end(), std::int64_t{0}),
              share.devices,
              share.pools,
              tenant};
}

std::vector<Part> parts_of(const Allocation& allocation, const JobRequest& request) {
  const Tenant tenant = tenant_of(request);
  std::vector<Part> parts;
  parts.reserve(allocation.nodes.size());
  for (const NodeShare& share : allocation.nodes) parts.push_back(part_of(share, tenant));
  return parts;
}

Timeline::Timeline(const State& state, const Running& running, Instant now) {
  for (const auto& [end, id] : running.by_end()) {
    const Job& job = *state.find_job(id);
    const Second at =
        end <= now ? soon(now) : (end == instant_never ? second_never : second_of(end));
    for (std::size_t i = 0; i < job.run->allocation.nodes.size(); ++i) {
      if (job.run->freed.test(i)) continue;
      changes_.push_back(
          Change{at, true, part_of(job.run->allocation.nodes[i], tenant_of(job.request))});
    }
  }
}

void Timeline::insert(Change change) {
  const auto place =
      std::ranges::upper_bound(changes_, change.at, std::ranges::less(), &Change::at);
  changes_.insert(place, std::move(change));
}

void Timeline::free(Second end, const std::vector<Part>& parts) {
  for (const Part& part : parts) insert(Change{end, true, part});
}

void Timeline::reserve(Second start, Second end, const std::vector<Part>& parts) {
  for (const Part& part : parts) {
    insert(Change{start, false, part});
    insert(Change{end, true, part});
  }
}

}  // namespace cox::core
