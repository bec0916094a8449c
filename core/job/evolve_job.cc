// Facts about jobs. The legal phases of each are asserted; docs/job-states.md is the table.
#include "core/job/evolve_job.h"

#include <algorithm>
#include <utility>

#include "common/assert.h"
#include "core/fleet/ledger.h"
#include "core/fleet/trouble.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

Job& known_job(State& state, JobId id) {
  const auto found = state.record.jobs.find(id);
  ASSERT(found != state.record.jobs.end());
  return found->second;
}

/// The job, when the fact is about its current attempt.
Job& current_job(State& state, JobId id, Attempt attempt) {
  Job& job = known_job(state, id);
  ASSERT(job.attempt == attempt);
  return job;
}

void free_share(State& state, Job& job, std::size_t position) {
  if (job.freed.test(position)) return;
  job.freed.set(position);
  give_back(state.index, job.id, job.allocation.nodes[position]);
}

/// Waiting again: what the attempt left behind is forgotten, its allocation kept for the record.
void return_to_queue(Job& job, const std::string& why) {
  job.phase = JobPhase::pending;
  job.started = job.released = Instant{};
  job.cause = EndCause::none;
  job.ended_by = 0;
  job.why = why;
  job.steps.clear();
}

/// Its end says nothing against the node: not lost, and not a failed launch.
bool has_run_well(const Job& job) {
  return job.released.is_set() && job.cause != EndCause::node_lost &&
         job.cause != EndCause::supervisor_lost && job.cause != EndCause::launch_failed;
}

/// 0 also for a name that is not listed: journals did not always hold it.
std::uint16_t place_of(const std::vector<std::string>& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  return found == names.end() ? 0 : static_cast<std::uint16_t>(found - names.begin());
}

}  // namespace

void evolve_one(State& state, const JobSubmitted& fact) {
  ASSERT(fact.job >= state.record.next_job);
  state.record.next_job = JobId{fact.job.value + 1};
  Job& job = state.record.jobs[fact.job];
  job.id = fact.job;
  job.request = fact.request;
  job.key = fact.key;
  job.submitted = fact.at;
  job.hold = fact.request.held ? Hold::by_user : Hold::none;
  if (!fact.key.empty()) state.index.job_by_key[fact.key] = fact.job;
  state.index.unended[fact.job] = job.attempt;
}

void evolve_one(State& state, const JobHeld& fact) {
  Job& job = known_job(state, fact.job);
  ASSERT(job.phase == JobPhase::pending);
  job.hold = fact.hold;
  job.why = fact.why;
}

void evolve_one(State& state, const JobUnheld& fact) {
  Job& job = known_job(state, fact.job);
  ASSERT(job.phase == JobPhase::pending);
  job.hold = Hold::none;
  job.starts_undone = 0;
  job.why.clear();
}

void evolve_one(State& state, const JobStarted& fact) {
  Job& job = known_job(state, fact.job);
  ASSERT(job.phase == JobPhase::pending && job.hold == Hold::none);
  ASSERT(fact.attempt.value == job.attempt.value + 1 && !fact.allocation.nodes.empty());
  job.phase = JobPhase::starting;
  job.attempt = fact.attempt;
  job.started = fact.at;
  job.released = job.ended = Instant{};
  job.why.clear();
  job.allocation = fact.allocation;
  job.partition = place_of(job.request.partitions, fact.partition);
  job.freed = Bitset(fact.allocation.nodes.size());
  job.next_step = StepId{};
  job.steps.clear();
  job.usage = Usage{};
  for (const NodeShare& share : job.allocation.nodes) take(state.index, job.id, share);
  state.index.unended[job.id] = job.attempt;
}

void evolve_one(State& state, const JobReleased& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::starting);
  job.phase = JobPhase::running;
  job.released = fact.at;
  ++job.attempts_run;
}

void evolve_one(State& state, const StartUndone& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::starting || (job.phase == JobPhase::running && is_single(job)));
  if (job.phase == JobPhase::running) --job.attempts_run;
  for (std::size_t i = 0; i < job.allocation.nodes.size(); ++i) free_share(state, job, i);
  ++job.starts_undone;
  return_to_queue(job, fact.why);
}

void evolve_one(State& state, const JobEnding& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  const bool overrides = job.phase == JobPhase::ending && fact.cause == EndCause::cancelled;
  ASSERT(job.phase == JobPhase::starting || job.phase == JobPhase::running || overrides);
  job.phase = JobPhase::ending;
  job.cause = fact.cause;
  job.ended_by = fact.by;
  job.why = fact.why;
}

void evolve_one(State& state, const NodeFreed& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::ending);
  const auto position = node_position(job, fact.node);
  ASSERT(position.has_value() && !job.freed.test(*position));
  free_share(state, job, *position);
  if (has_run_well(job)) trust_node(state, fact.node, fact.at);
  job.usage = combined(job.usage, fact.usage);
}

void evolve_one(State& state, const JobRequeued& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::ending && is_free(job));
  return_to_queue(job, fact.why);
}

void evolve_one(State& state, const JobEnded& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::pending || (job.phase == JobPhase::ending && is_free(job)));
  job.phase = JobPhase::ended;
  job.ended = fact.at;
  job.final_state = fact.state;
  job.exit_code = fact.exit_code;
  job.signal = fact.signal;
  job.usage = fact.usage;
  job.why = fact.why;
  state.index.unended.erase(job.id);
}

}  // namespace cox::core
