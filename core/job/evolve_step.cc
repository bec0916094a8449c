// Facts about steps. A step belongs to the job's current attempt and ends with it at the latest.
#include "common/assert.h"
#include "core/job/evolve_job.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

Job& job_with_attempt(State& state, JobId id, Attempt attempt) {
  Job* job = state.record.jobs.find(id);
  ASSERT(job != nullptr && job->attempt == attempt);
  return *job;
}

Step& open_step(Job& job, StepId id) {
  const Step* found = find_step(job, id);
  ASSERT(found != nullptr && !found->is_ended());
  const auto at = static_cast<std::size_t>(found - job.run->steps.data());
  return job.run.edit().steps[at];
}

}  // namespace

void evolve_one(State& state, const StepQueued& fact) {
  Job& job = job_with_attempt(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::running);
  ASSERT(fact.step < step_batch && find_step(job, fact.step) == nullptr);
  JobRun& run = job.run.edit();
  run.steps.push_back(
      Step{fact.step, fact.request, fact.key, {}, {}, {}, {}, StepResult{}, fact.at});
  run.next_step = StepId{fact.step.value + 1};
}

void evolve_one(State& state, const StepStarted& fact) {
  Job& job = job_with_attempt(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::starting || job.phase == JobPhase::running);
  if (find_step(job, fact.step) != nullptr) {
    Step& step = open_step(job, fact.step);
    ASSERT(step.is_waiting());
    step.started = fact.at;
    step.shares = fact.shares;
    return;
  }
  JobRun& run = job.run.edit();
  run.steps.push_back(
      Step{fact.step, fact.request, fact.key, fact.shares, fact.at, {}, {}, StepResult{}, {}});
  if (fact.step < step_batch) run.next_step = StepId{fact.step.value + 1};
}

void evolve_one(State& state, const StepReleased& fact) {
  Job& job = job_with_attempt(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::running);
  Step& step = open_step(job, fact.step);
  ASSERT(!step.is_waiting());
  step.released = fact.at;
}

void evolve_one(State& state, const StepEnded& fact) {
  Job& job = job_with_attempt(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::running || job.phase == JobPhase::ending);
  Step& step = open_step(job, fact.step);
  step.ended = fact.at;
  step.result = fact.result;
}

}  // namespace cox::core
