// Ended jobs leave State once it is asked for: by then the history has them. docs/store.md
#include "core/job/retention.h"

#include <algorithm>

#include "common/assert.h"
#include "core/job/evolve_job.h"
#include "core/scene.h"

namespace cox::core {
namespace {

bool is_ended(const State& state, JobId id) {
  const Job* job = state.find_job(id);
  return job != nullptr && job->phase == JobPhase::ended;
}

}  // namespace

bool may_be_resent(const State& state, const Job& job) {
  return !job.key.empty() && state.index.job_by_key.find(job.key) == job.id;
}

Result<Facts> decide_one(const Scene& scene, const ForgetJobs& ask) {
  JobsForgotten forgotten{scene.now, {}};
  for (const JobId id : ask.jobs) {
    if (!is_ended(scene.state, id)) continue;
    if (!may_be_resent(scene.state, *scene.state.find_job(id))) forgotten.jobs.push_back(id);
  }
  if (forgotten.jobs.empty()) return Facts{};
  return Facts{std::move(forgotten)};
}

/// A replay asserts before anything has changed, so that it can do without the fact.
void evolve_one(State& state, const JobsForgotten& fact) {
  ASSERT(std::ranges::all_of(fact.jobs, [&](JobId id) { return is_ended(state, id); }));
  for (const JobId id : fact.jobs) {
    const Job* job = state.find_job(id);
    if (job == nullptr) continue;  // named twice
    if (!job->key.empty()) state.index.job_by_key.erase(job->key, id);
    state.record.jobs.erase(id);
    state.record.quarantined.erase(id);
  }
}

}  // namespace cox::core
