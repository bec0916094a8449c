// See forecast.h.
#include "core/schedule/forecast.h"

#include <algorithm>

#include "core/schedule/backfill.h"
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

}  // namespace

Forecaster::Forecaster(const State& state,
                       Instant now,
                       const PartitionSettings& partition,
                       const Bitset& ready,
                       const std::vector<Ahead>& ahead)
    : state_(state), now_(now), partition_(partition), ready_(ready), is_first_(ahead.empty()) {
  std::uint64_t starts = 0;
  for (const Ahead& one : ahead) starts += one.starts;
  if (starts > forecast_jobs_max) return;
  running_.rebuild(state);
  if (!is_first_) count(ahead);
}

/// Every job in order at its earliest start; nothing overtakes where there is no backfill.
void Forecaster::count(const std::vector<Ahead>& ahead) {
  const bool is_strict = backfill_kind(state_.record.settings) == BackfillKind::none;
  const LaneUnit unit = partition_.whole_nodes ? LaneUnit::nodes : LaneUnit::cores;
  lane_.emplace(state_, running_, now_, ready_, unit, false);
  licenses_ = LicenseTimeline(state_, running_, now_);
  for (const auto& [id, starts] : ahead) {
    const JobRequest& request = state_.find_job(id)->request;
    const std::int64_t units = lane_->units(state_, partition_, request);
    for (std::uint32_t i = 0; i < starts; ++i) {
      const auto start = first_start(units, request);
      if (!start.has_value()) break;
      lane_->reserve({units, units}, *start, request.time_limit);
      licenses_.take(licenses_of(request), *start, end_second(*start, request.time_limit));
      if (is_strict) from_ = *start;
    }
  }
}

/// By counts alone.
std::optional<Second> Forecaster::first_start(std::int64_t units, const JobRequest& request) {
  const auto start = lane_->earliest(units, request.time_limit, from_);
  if (!start.has_value() || licenses_of(request).empty()) return start;
  return lane_->earliest_with(units, licenses_, licenses_of(request), request.time_limit, *start);
}

std::optional<Second> Forecaster::exact(const JobRequest& request) const {
  const Timeline timeline(state_, running_, now_);
  Prospect prospect(state_, partition_, ready_, request);
  const LicenseTimeline licenses(state_, running_, now_);
  const auto start = prospect.advance(timeline, licenses, request.time_limit, 0);
  return start == second_never ? std::nullopt : start;
}

std::optional<Second> Forecaster::counted(const JobRequest& request) {
  if (!lane_.has_value()) return std::nullopt;
  const std::int64_t units = lane_->units(state_, partition_, request);
  const auto start = first_start(units, request);
  return start.has_value() && *start >= lane_->horizon() ? std::nullopt : start;
}

Forecast Forecaster::start_of(const JobRequest& request) {
  Forecast forecast;
  forecast.is_estimate = !is_first_;
  forecast.start = is_first_ ? exact(request) : counted(request);
  if (forecast.start.has_value()) forecast.behind = ending_at(running_, now_, *forecast.start);
  return forecast;
}

Overtaking::Overtaking(const State& state,
                       const Contact& contact,
                       Instant now,
                       const SelectPolicy& select,
                       const std::vector<std::optional<Place>>& heads)
    : state_(state), now_(now), select_(select) {
  const std::vector<PartitionSettings>& all = state.record.settings.partitions;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ready_.push_back(ready_nodes(state, contact, all[i].name));
    if (heads[i].has_value()) reserved_.push_back(Head{*heads[i], i});
  }
  std::ranges::sort(reserved_, [](const Head& a, const Head& b) { return a.place < b.place; });
  running_.rebuild(state);
}

std::optional<Allocation> Overtaking::placed(std::size_t partition,
                                             const JobRequest& request,
                                             const Allocation& allocation) const {
  std::vector<const Bitset*> views;
  for (const Bitset& one : ready_) views.push_back(&one);
  // Made anew for each question: to answer, they may move to other nodes.
  Reservations reservations;
  reservations.rebuild(state_, Timeline(state_, running_, now_),
                       LicenseTimeline(state_, running_, now_), reserved_, views);
  const Second end = end_second(now_, request.time_limit);
  if (!reservations.allows_licenses(licenses_of(request), end, {})) return std::nullopt;
  if (reservations.allows(allocation, request, end, {})) return allocation;
  const auto rest = reservations.around(ready_[partition], end, {});
  if (!rest.has_value()) return std::nullopt;
  const PartitionSettings& settings = state_.record.settings.partitions[partition];
  return try_place(state_, select_, settings, *rest, request).allocation;
}

}  // namespace cox::core
