// See forecast.h.
#include "core/schedule/forecast.h"

#include <algorithm>

#include "core/schedule/backfill.h"
#include "core/schedule/lane.h"
#include "core/schedule/prospect.h"
#include "core/schedule/reservations.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

constexpr std::size_t behind_named_max = 4;

std::vector<JobId> ending_at(const Running& running, Instant now, Second start) {
  std::vector<JobId> jobs;
  const Second soon = now.us / 1'000'000;
  for (const auto& [end, id] : running.by_end()) {
    const Second at = end <= now ? soon : end_second(end, Duration{});
    if (at == start && jobs.size() < behind_named_max) jobs.push_back(id);
  }
  return jobs;
}

/// Every job in order at its earliest start; nothing overtakes where there is no backfill.
std::optional<Second> counted_start(const State& state,
                                    const Running& running,
                                    Instant now,
                                    const PartitionSettings& partition,
                                    const Bitset& ready,
                                    const Job& job,
                                    const std::vector<Ahead>& ahead) {
  const bool is_strict = backfill_kind(state.record.settings) == BackfillKind::none;
  const LaneUnit unit = partition.whole_nodes ? LaneUnit::nodes : LaneUnit::cores;
  Lane lane(state, running, now, ready, unit, false);
  Second from = 0;
  for (const auto& [id, starts] : ahead) {
    const JobRequest& request = state.find_job(id)->request;
    const std::int64_t units = lane.units(state, partition, request);
    for (std::uint32_t i = 0; i < starts; ++i) {
      const auto start = lane.earliest(units, request.time_limit, from);
      if (!start.has_value()) break;
      lane.reserve(units, *start, request.time_limit);
      if (is_strict) from = *start;
    }
  }
  const auto start =
      lane.earliest(lane.units(state, partition, job.request), job.request.time_limit, from);
  return start.has_value() && *start >= lane.horizon() ? std::nullopt : start;
}

}  // namespace

Forecast forecast_start(const State& state,
                        Instant now,
                        const PartitionSettings& partition,
                        const Bitset& ready,
                        const Job& job,
                        const std::vector<Ahead>& ahead) {
  Forecast forecast;
  std::uint64_t starts = 0;
  for (const Ahead& one : ahead) starts += one.starts;
  if (starts > forecast_jobs_max) return forecast;
  Running running;
  running.rebuild(state);
  if (ahead.empty()) {
    const Timeline timeline(state, running, now);
    Prospect prospect(state, partition, ready, job.request);
    forecast.start = prospect.advance(timeline, job.request.time_limit, 0);
    forecast.is_estimate = false;
    if (forecast.start == second_never) forecast.start.reset();
  } else {
    forecast.start = counted_start(state, running, now, partition, ready, job, ahead);
  }
  if (forecast.start.has_value()) forecast.behind = ending_at(running, now, *forecast.start);
  return forecast;
}

std::optional<Allocation> overtake(const State& state,
                                   const Contact& contact,
                                   Instant now,
                                   const SelectPolicy& select,
                                   std::size_t partition,
                                   const Job& job,
                                   const Allocation& allocation,
                                   const std::vector<std::optional<Place>>& heads) {
  const std::vector<PartitionSettings>& all = state.record.settings.partitions;
  std::vector<Head> reserved;
  std::vector<Bitset> ready;
  std::vector<const Bitset*> views;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ready.push_back(ready_nodes(state, contact, all[i].name));
    if (heads[i].has_value()) reserved.push_back(Head{*heads[i], i});
  }
  for (const Bitset& one : ready) views.push_back(&one);
  std::ranges::sort(reserved, [](const Head& a, const Head& b) { return a.place < b.place; });
  Running running;
  running.rebuild(state);
  Reservations reservations;
  reservations.rebuild(state, Timeline(state, running, now), reserved, views);
  const Second end = end_second(now, job.request.time_limit);
  if (reservations.allows(allocation, end, {})) return allocation;
  const auto rest = reservations.around(ready[partition], end, {});
  if (!rest.has_value()) return std::nullopt;
  return try_place(state, select, all[partition], *rest, job.request).allocation;
}

}  // namespace cox::core
