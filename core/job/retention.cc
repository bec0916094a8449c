// Ended jobs leave State once it is asked for: by then the history has them. docs/store.md
#include "core/job/retention.h"

#include <algorithm>
#include <iterator>

#include "common/assert.h"
#include "core/job/array.h"
#include "core/job/errands.h"
#include "core/job/evolve_job.h"
#include "core/job/waits.h"
#include "core/scene.h"

namespace cox::core {
namespace {

bool is_ended(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  return job != nullptr && job->phase == JobPhase::ended;
}

void forget_element(Index& index, const Job& element) {
  const auto members = index.arrays.find(element.array);
  if (members == index.arrays.end()) return;
  members->second.elements.erase(element.index);
  if (members->second.elements.empty()) index.arrays.erase(members);
}

}  // namespace

/// Time is counted by the submits' own instants. Jobs without a key count as well while State has
/// them: the first one that is known stands for all later ones.
JobId keys_known_from(const Record& record, Instant last_submit, JobId next_job) {
  const auto is_known = [&](JobId job, Instant submitted) {
    return submitted + resend_window >= last_submit || job.value + resend_jobs >= next_job.value;
  };
  JobTable::Iterator job(&record.jobs, record.keys_from.value);
  auto left = record.forgotten.begin();
  for (;; ++left) {
    const bool is_left = left != record.forgotten.end();
    for (; job != record.jobs.end() && !(is_left && left->first < job->id); ++job) {
      if (is_known(job->id, job->submitted)) return job->id;
    }
    if (!is_left) return std::max(record.keys_from, next_job);
    if (is_known(left->first, left->second.submitted)) return left->first;
  }
}

void forget_old_keys(State& state) {
  Record& record = state.record;
  const JobId from = keys_known_from(record, record.last_submit, record.next_job);
  if (from == record.keys_from) return;
  JobTable::Iterator job(&record.jobs, record.keys_from.value);
  for (; job != record.jobs.end() && job->id < from; ++job) {
    if (!job->key.empty()) state.index.job_by_key.erase(job->key, job->id);
  }
  auto left = record.forgotten.begin();
  while (left != record.forgotten.end() && left->first < from) {
    state.index.job_by_key.erase(left->second.key, left->first);
    left = record.forgotten.erase(left);
  }
  record.keys_from = from;
}

Result<Facts> decide_one(const Scene& scene, const ForgetJobs& ask) {
  JobsForgotten forgotten{scene.now, {}};
  std::ranges::copy_if(ask.jobs, std::back_inserter(forgotten.jobs), [&scene](JobId id) {
    return is_ended(scene.state, id) && !is_waited_for(scene.state, id) &&
           !owes_epilog(scene.state, id);
  });
  if (forgotten.jobs.empty()) return Facts{};
  return Facts{std::move(forgotten)};
}

/// A replay asserts before anything has changed, so that it can do without the fact.
void evolve_one(State& state, const JobsForgotten& fact) {
  ASSERT(std::ranges::all_of(fact.jobs, [&](JobId id) { return is_ended(state, id); }));
  Record& record = state.record;
  for (const JobId id : fact.jobs) {
    const Job* job = state.find_job(id);
    if (job == nullptr) continue;  // named twice
    if (!job->key.empty() && id >= record.keys_from) {
      record.forgotten[id] = {job->key, job->submitted, job->request.common->user.uid};
    }
    if (is_element(*job)) forget_element(state.index, *job);
    record.jobs.erase(id);
    record.quarantined.erase(id);
  }
}

}  // namespace cox::core
