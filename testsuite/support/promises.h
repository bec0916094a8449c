// What the first waiting job of all is promised, found from State alone, to check that nothing that
// starts takes it back.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/schedule/gate.h"
#include "core/schedule/order_key.h"
#include "core/schedule/plan.h"
#include "core/schedule/prospect.h"
#include "core/schedule/trial.h"

namespace cox::testing {

struct Promise {
  core::Place place;
  std::uint32_t index = 0;  // of an array: the element whose start it is
  core::Second start = core::second_never;

  bool is_to_same(const Promise& other) const {
    return place.job == other.place.job && index == other.index;
  }
};

/// Of the job that comes first of those that wait for resources, whatever its partition; nothing
/// when none does, or none is in sight.
inline std::optional<Promise> first_promise(const core::State& state,
                                            const core::Contact& contact,
                                            Instant now,
                                            core::Policies policies) {
  std::optional<Promise> first;
  JobId first_job;
  const core::FairTree shares(state);
  const PartitionSettings* where = nullptr;
  for (const PartitionSettings& partition : state.record.settings.partitions) {
    if (partition.takes_turns()) continue;  // nothing is promised there
    const bool is_down = state.record.partitions_down.contains(partition.name);
    const Bitset ready = core::ready_nodes(state, contact, partition.name);
    for (const JobId id : state.index.unended) {
      const core::Job& job = *state.find_job(id);
      const auto& names = job.request.common->partitions;
      const bool is_here = std::find(names.begin(), names.end(), partition.name) != names.end();
      if (job.phase != JobPhase::pending || !is_here) continue;
      if (core::blocked_by_itself(state, job, now).code != Reason::none) continue;
      if (core::gate(partition, is_down, job.request).code != Reason::none) continue;
      const core::Place place{core::base_key(state, *policies.priority, job, partition) +
                                  core::share_key(shares, state, *policies.priority, job.request),
                              core::is_element(job) ? job.array : id};
      const std::uint32_t index = core::is_array(job) ? core::remainder(job).first() : job.index;
      const bool is_later = first.has_value() && (place == first->place ? index >= first->index
                                                                        : !(place < first->place));
      if (is_later) continue;
      if (core::try_place(state, *policies.select, partition, ready, job.request).is_hopeless) {
        continue;
      }
      first = Promise{place, index, core::second_never};
      first_job = id;
      where = &partition;
    }
  }
  if (!first.has_value()) return first;
  core::Running running;
  running.rebuild(state);
  const core::Timeline timeline(state, running, now);
  const core::Job& job = *state.find_job(first_job);
  core::Prospect prospect(state, *where, core::ready_nodes(state, contact, where->name),
                          job.request);
  const core::LicenseTimeline licenses(state, running, now);
  first->start =
      prospect.advance(timeline, licenses, job.request.time_limit, 0).value_or(core::second_never);
  return first;
}

/// A job that began in this very instant comes before the promised one: it waited for a start of
/// this pass, and was in nobody's way before.
inline bool is_overtaken(const core::State& state,
                         Instant now,
                         core::Policies policies,
                         const Promise& promise) {
  const core::FairTree shares(state);
  return std::any_of(state.index.unended.begin(), state.index.unended.end(), [&](const JobId id) {
    const core::Job& job = *state.find_job(id);
    if (job.phase == JobPhase::pending || job.run->started != now) return false;
    const auto& partitions = state.record.settings.partitions;
    return std::any_of(partitions.begin(), partitions.end(), [&](const auto& partition) {
      if (partition.name != core::partition_of(job)) return false;
      const core::Place place{core::base_key(state, *policies.priority, job, partition) +
                                  core::share_key(shares, state, *policies.priority, job.request),
                              core::is_element(job) ? job.array : id};
      return place < promise.place;
    });
  });
}

}  // namespace cox::testing
