// Facts about jobs that stand still and rows that take turns.
#include <string>

#include "common/assert.h"
#include "core/job/evolve_job.h"
#include "core/job/lifecycle.h"
#include "core/slice/standing.h"

namespace cox::core {
namespace {

Job& attempt_of(State& state, JobId id, Attempt attempt) {
  Job* job = state.record.jobs.find(id);
  ASSERT(job != nullptr && job->attempt == attempt);
  return *job;
}

}  // namespace

void evolve_one(State& state, const JobSuspended& fact) {
  Job& job = attempt_of(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::running && !job.run->suspended.is_set());
  JobRun& run = job.run.edit();
  run.suspended = fact.at;
  run.suspended_by = fact.by;
  keep_standing(state.record, job, fact.at);
}

void evolve_one(State& state, const JobResumed& fact) {
  Job& job = attempt_of(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::running && job.run->suspended.is_set());
  job.run.edit().suspended = Instant{};
  keep_standing(state.record, job, fact.at);
}

void evolve_one(State& state, const RowChanged& fact) {
  Job& job = attempt_of(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::running);
  const std::uint32_t before = job.run->allocation.row;
  ASSERT(before != 0 && fact.row != 0 && fact.row != before);
  const auto found = state.index.sliced.find(partition_of(job));
  ASSERT(found != state.index.sliced.end());
  SlicedJobs& sliced = found->second;
  for (const NodeShare& share : job.run->allocation.nodes) {
    sliced.matrix.take(fact.row, share.node);
    sliced.matrix.give_back(before, share.node);
  }
  sliced.rows[fact.row].insert(job.id);
  sliced.rows[before].erase(job.id);
  if (sliced.rows[before].empty()) sliced.rows.erase(before);
  job.run.edit().allocation.row = fact.row;
  keep_standing(state.record, job, fact.at);
}

/// What was forgotten of a partition that has no such jobs any more stays so.
void evolve_one(State& state, const RowTurned& fact) {
  const auto found = state.index.sliced.find(fact.partition);
  if (found == state.index.sliced.end()) return;
  state.record.turns[fact.partition] = RowTurn{fact.row, fact.at};
  for (const auto& [row, jobs] : found->second.rows) {
    for (const JobId id : jobs) {
      keep_standing(state.record, *state.record.jobs.find(id), fact.at);
    }
  }
}

}  // namespace cox::core
