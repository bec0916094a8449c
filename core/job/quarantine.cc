// What becomes of a job whose past is in doubt, by the phase it was last known in.
#include "core/job/quarantine.h"

#include <algorithm>

#include "core/job/array.h"
#include "core/job/evolve_job.h"
#include "core/scene.h"
#include "core/slice/standing.h"

namespace cox::core {
namespace {

constexpr std::size_t lost_records_max = 100;  // more say nothing new

/// Something to show for an id that was given out: nothing else is known of it.
Job unreadable_job(const JobQuarantined& fact) {
  Job job;
  job.id = fact.job;
  job.phase = JobPhase::ended;
  job.request.name = "unreadable";
  job.request.common.edit().components = {Component{}};
  JobRun& run = job.run.edit();
  run.ended = fact.at;
  run.final_state = JobState::failed;
  run.why = fact.why;
  return job;
}

/// A record that cannot be read may have begun any element: none is begun again unless an operator
/// says so. An array whose last elements are among what was lost ends.
void settle_arrays(const Scene& scene, bool is_any_lost, Facts* facts) {
  for (const JobId id : scene.state.index.unended) {
    const Job& job = *scene.state.find_job(id);
    if (!is_array(job)) continue;
    const ArrayMembers* members = scene.state.find_members(id);
    if (job.phase == JobPhase::split && (members == nullptr || members->unended == 0)) {
      const Outcome worst = worse(job.run->array->worst, Outcome{JobState::failed, 1, 0});
      facts->push_back(JobEnded{id, job.attempt, scene.now, worst.state, worst.exit_code,
                                worst.signal, Usage{}, "what became of an element was lost"});
    } else if (is_any_lost && job.phase == JobPhase::pending && job.hold == Hold::none) {
      facts->push_back(JobHeld{id, scene.now, Hold::by_system,
                               "a lost record may have begun one of its elements"});
    }
  }
}

}  // namespace

void keep_aside(State& state, Job& job) {
  const auto found = state.record.quarantined.find(job.id);
  if (found == state.record.quarantined.end()) return;
  job.hold = Hold::by_system;
  job.attempt = std::max(job.attempt, found->second.attempt);
  job.run.edit().why = found->second.why;
}

Result<Facts> decide_one(const Scene& scene, const Quarantine& ask) {
  Facts facts;
  for (JobQuarantined fact : ask.jobs) {
    fact.at = scene.now;
    facts.push_back(std::move(fact));
  }
  for (RecordLost fact : ask.lost) {
    fact.at = scene.now;
    facts.push_back(std::move(fact));
  }
  settle_arrays(scene, !ask.lost.empty(), &facts);
  return facts;
}

/// A start whose answers may be lost is ended: its nodes say what they hold, and until then keep
/// its share. What ran goes on, and is compared with its nodes as after every restart.
void evolve_one(State& state, const JobQuarantined& fact) {
  Record& record = state.record;
  record.next_job = std::max(record.next_job, JobId{fact.job.value + 1});
  Job* job = record.jobs.find(fact.job);
  if (job == nullptr) job = &record.jobs.insert(unreadable_job(fact));
  // The attempt after the last known one may be what could not be read.
  const Attempt known{job->attempt.value + 1};
  record.quarantined[fact.job] =
      Quarantined{fact.at, fact.sequence, fact.why, std::max(known, fact.attempt), fact.aside};
  if (job->phase == JobPhase::pending) {
    keep_aside(state, *job);
  } else if (job->phase == JobPhase::starting) {
    job->phase = JobPhase::ending;
    JobRun& run = job->run.edit();
    run.cause = EndCause::supervisor_lost;
    run.why = fact.why;
    keep_standing(state.record, *job, fact.at);
  }
}

/// Each may have been a submit: its id is given to nobody else.
void evolve_one(State& state, const RecordLost& fact) {
  Record& record = state.record;
  record.next_job.value += fact.records;
  if (record.lost.size() < lost_records_max) {
    record.lost.push_back(LostRecord{fact.at, fact.sequence, fact.why});
  }
}

}  // namespace cox::core
