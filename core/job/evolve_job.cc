// Facts about jobs. The legal phases of each are asserted; docs/job-states.md is the table.
#include "core/job/evolve_job.h"

#include <algorithm>
#include <utility>

#include "common/assert.h"
#include "core/fairshare/usage.h"
#include "core/fleet/ledger.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "core/job/quarantine.h"
#include "core/job/retention.h"
#include "core/slice/standing.h"

namespace cox::core {
namespace {

Job& known_job(State& state, JobId id) {
  Job* job = state.record.jobs.find(id);
  ASSERT(job != nullptr);
  return *job;
}

/// The job, when the fact is about its current attempt.
Job& current_job(State& state, JobId id, Attempt attempt) {
  Job& job = known_job(state, id);
  ASSERT(job.attempt == attempt);
  return job;
}

void free_share(State& state, Job& job, std::size_t position) {
  JobRun& run = job.run.edit();
  if (run.freed.test(position)) return;
  run.freed.set(position);
  give_back(state.index, job, run.allocation.nodes[position]);
  end_turns(state, job);
}

ArrayMembers* members_of(State& state, const Job& element) {
  const auto found = state.index.arrays.find(element.array);
  return found == state.index.arrays.end() ? nullptr : &found->second;
}

/// `by`: 1 for a job that begins, -1 for one that ends or goes back to the queue.
void count_live(State& state, const Job& job, int by) {
  state.index.live += static_cast<std::size_t>(by);
  count_licenses(state.index, job, by);
  if (ArrayMembers* members = members_of(state, job)) {
    members->live += static_cast<std::uint32_t>(by);
  }
}

/// The attempt is over, whatever became of it.
void end_programs(State& state, Job& job) {
  if (job.run->owes_epilog) state.record.epilogs_owed.insert({job.id, job.attempt});
  JobRun& run = job.run.edit();
  run.awaits_program = run.owes_epilog = false;
  run.cleared = Instant{};
}

/// Waiting again: what the attempt left behind is forgotten, its allocation kept for the record.
void return_to_queue(State& state, Job& job, const std::string& why) {
  job.phase = JobPhase::pending;
  ++state.index.pending;
  count_live(state, job, -1);
  end_programs(state, job);
  JobRun& run = job.run.edit();
  run.started = run.released = Instant{};
  run.cause = EndCause::none;
  run.ended_by = 0;
  run.why = why;
  run.suspended = run.stands = Instant{};
  run.steps.clear();
}

/// What the next attempt is told of this one.
void keep_ended_attempt(Job& job, const std::string& why) {
  const auto initial = initial_step(job.request);
  const Step* step = initial ? find_step(job, *initial) : nullptr;
  JobRun& run = job.run.edit();
  run.before_cause = run.cause;
  run.before_exit_code = step == nullptr ? 0 : step->result.exit_code;
  run.before_why = why;
  if (run.cause == EndCause::finished) ++run.retries;
}

bool has_no_unended(const State& state, JobId array) {
  const ArrayMembers* members = state.find_members(array);
  return members == nullptr || members->unended == 0;
}

/// A job that waited, or ran, does so no more; where it is an element its array counts its end.
void leave(State& state, const Job& job, const Outcome& outcome) {
  if (job.phase == JobPhase::pending) {
    --state.index.pending;
  } else {
    count_live(state, job, -1);
  }
  if (ArrayMembers* members = members_of(state, job)) --members->unended;
  // A restart that lost the array's record may still have its elements.
  Job* array = is_element(job) ? state.record.jobs.find(job.array) : nullptr;
  if (array != nullptr && array->phase != JobPhase::ended) count_end(edit_array(*array), outcome);
}

/// Its end says nothing against the node: not lost, and not a failed launch.
bool has_run_well(const Job& job) {
  const JobRun& run = *job.run;
  return run.released.is_set() && run.cause != EndCause::node_lost &&
         run.cause != EndCause::supervisor_lost && run.cause != EndCause::launch_failed;
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
  state.record.last_submit = std::max(state.record.last_submit, fact.at);
  Job job;
  job.id = fact.job;
  job.request = fact.request;
  job.request.common = state.commons.intern(fact.request.common);
  job.key = fact.key;
  job.submitted = fact.at;
  job.hold = fact.request.held ? Hold::by_user : Hold::none;
  state.index.pending += waiting_starts(job);
  state.record.jobs.insert(std::move(job));
  if (!fact.key.empty()) state.index.job_by_key.insert(fact.key, fact.job);
  state.index.unended.insert(fact.job);
  ++state.index.unended_of_user[fact.request.common->user.uid];
  note_association(state, fact.request);
  forget_old_keys(state);
}

void evolve_one(State& state, const ElementSplit& fact) {
  ASSERT(fact.job >= state.record.next_job);
  Job& array = known_job(state, fact.array);
  ASSERT(is_array(array) && array.phase == JobPhase::pending);
  ASSERT(remainder(array).contains(fact.index));
  Job element = element_of(array, fact.job, fact.index);
  ArrayRun& run = edit_array(array);
  run.remainder.remove(fact.index);
  if (run.remainder.empty()) array.phase = JobPhase::split;
  array.run.edit().begun = fact.at;
  state.record.next_job = JobId{fact.job.value + 1};
  state.record.jobs.insert(std::move(element));
  state.index.unended.insert(fact.job);
  ArrayMembers& members = state.index.arrays[fact.array];
  members.elements[fact.index] = fact.job;
  ++members.unended;
}

void evolve_one(State& state, const ElementsCancelled& fact) {
  Job& array = known_job(state, fact.job);
  ASSERT(is_array(array) && array.phase == JobPhase::pending);
  ASSERT(elements_without(fact.elements, remainder(array)).empty());
  state.index.pending -= fact.elements.count();
  ArrayRun& run = edit_array(array);
  count_cancelled(array.request.common->array, fact.elements, run);
  if (run.remainder.empty()) array.phase = JobPhase::split;
}

void evolve_one(State& state, const JobHeld& fact) {
  Job& job = known_job(state, fact.job);
  // Of one that runs it holds what comes after: it is about to be requeued.
  ASSERT(job.phase == JobPhase::pending || job.phase == JobPhase::starting ||
         job.phase == JobPhase::running);
  job.hold = fact.hold;
  job.run.edit().why = fact.why;
}

void evolve_one(State& state, const JobUnheld& fact) {
  Job& job = known_job(state, fact.job);
  ASSERT(job.phase == JobPhase::pending);
  job.hold = Hold::none;
  state.record.quarantined.erase(job.id);
  if (job.run.is_blank()) return;
  JobRun& run = job.run.edit();
  run.starts_undone = 0;
  run.why.clear();
}

void evolve_one(State& state, const JobUpdated& fact) {
  Job& job = known_job(state, fact.job);
  ASSERT(job.phase != JobPhase::ended);
  ASSERT(job.request.common->user.uid == fact.request.common->user.uid);
  if (is_live(job) && job.request.time_limit != fact.request.time_limit) {
    job.run.edit().is_limit_changed = true;
  }
  job.request = fact.request;
  job.request.common = state.commons.intern(fact.request.common);
  note_association(state, job.request);
  if (!is_array(job) || job.run->array.is_blank()) return;
  edit_array(job).remainder.at_once_max = job.request.common->array.at_once_max;
}

void evolve_one(State& state, const JobStarted& fact) {
  Job& job = known_job(state, fact.job);
  ASSERT(job.phase == JobPhase::pending && job.hold == Hold::none && !is_array(job));
  ASSERT(fact.attempt.value == job.attempt.value + 1 && !fact.allocation.nodes.empty());
  job.phase = JobPhase::starting;
  --state.index.pending;
  count_live(state, job, 1);
  job.attempt = fact.attempt;
  JobRun& run = job.run.edit();
  run.started = fact.at;
  run.released = run.ended = Instant{};
  run.why.clear();
  run.is_limit_changed = false;
  run.allocation = fact.allocation;
  run.partition = place_of(job.request.common->partitions, fact.partition);
  run.freed = Bitset(fact.allocation.nodes.size());
  run.next_step = StepId{};
  run.steps.clear();
  run.usage = Usage{};
  run.awaits_program = fact.awaits_program;
  run.owes_epilog = fact.owes_epilog;
  run.cleared = Instant{};
  run.suspended = run.stands = Instant{};
  run.stood = Duration{};
  run.has_stood = false;
  for (const NodeShare& share : run.allocation.nodes) take(state.index, job, share);
  keep_standing(state.record, job, fact.at);
}

void evolve_one(State& state, const StartCleared& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::starting && job.run->awaits_program);
  JobRun& run = job.run.edit();
  run.awaits_program = false;
  run.cleared = fact.at;
}

void evolve_one(State& state, const EpilogEnded& fact) {
  state.record.epilogs_owed.erase({fact.job, fact.attempt});
}

void evolve_one(State& state, const JobReleased& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::starting);
  job.phase = JobPhase::running;
  JobRun& run = job.run.edit();
  run.released = fact.at;
  run.stood = Duration{};  // what was before counts for no limit
  if (++run.attempts_run == 1) run.begun = fact.at;
}

void evolve_one(State& state, const StartUndone& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::starting || (job.phase == JobPhase::running && is_single(job)));
  if (job.phase == JobPhase::running && --job.run.edit().attempts_run == 0) {
    job.run.edit().begun = Instant{};
  }
  for (std::size_t i = 0; i < job.run->allocation.nodes.size(); ++i) free_share(state, job, i);
  ++job.run.edit().starts_undone;
  return_to_queue(state, job, fact.why);
  keep_aside(state, job);
}

void evolve_one(State& state, const JobEnding& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  const bool overrides = job.phase == JobPhase::ending && fact.cause == EndCause::cancelled;
  ASSERT(job.phase == JobPhase::starting || job.phase == JobPhase::running || overrides);
  job.phase = JobPhase::ending;
  JobRun& run = job.run.edit();
  run.cause = fact.cause;
  run.ended_by = fact.by;
  run.why = fact.why;
  run.suspended = Instant{};
  keep_standing(state.record, job, fact.at);  // what ends goes on, to end
}

void evolve_one(State& state, const NodeFreed& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::ending);
  const auto position = node_position(job, fact.node);
  ASSERT(position.has_value() && !job.run->freed.test(*position));
  count_share(state, job, job.run->allocation.nodes[*position], fact.at);
  free_share(state, job, *position);
  if (has_run_well(job)) trust_node(state, fact.node, fact.at);
  job.run.edit().usage = combined(job.run->usage, fact.usage);
}

void evolve_one(State& state, const JobRequeued& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  ASSERT(job.phase == JobPhase::ending && is_free(job));
  keep_ended_attempt(job, fact.why);
  return_to_queue(state, job, fact.why);
  keep_aside(state, job);
}

void evolve_one(State& state, const JobEnded& fact) {
  Job& job = current_job(state, fact.job, fact.attempt);
  if (is_array(job)) {
    ASSERT(job.phase == JobPhase::split && has_no_unended(state, job.id));
  } else {
    ASSERT(job.phase == JobPhase::pending || (job.phase == JobPhase::ending && is_free(job)));
    leave(state, job, Outcome{fact.state, fact.exit_code, fact.signal});
  }
  job.phase = JobPhase::ended;
  end_programs(state, job);
  JobRun& run = job.run.edit();
  run.ended = fact.at;
  run.final_state = fact.state;
  run.exit_code = fact.exit_code;
  run.signal = fact.signal;
  run.usage = fact.usage;
  run.why = fact.why;
  if (fact.by) {
    run.cause = EndCause::cancelled;
    run.ended_by = *fact.by;
  }
  state.index.unended.erase(job.id);
  state.record.quarantined.erase(job.id);
  if (is_element(job)) return;  // its array counts for all
  const auto left = state.index.unended_of_user.find(job.request.common->user.uid);
  if (--left->second == 0) state.index.unended_of_user.erase(left);
}

}  // namespace cox::core
