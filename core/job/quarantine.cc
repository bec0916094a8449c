// What becomes of a job whose past is in doubt, by the phase it was last known in.
#include "core/job/quarantine.h"

#include <algorithm>

#include "core/job/evolve_job.h"
#include "core/scene.h"

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
  }
}

/// It may have been a submit: its id is given to nobody else.
void evolve_one(State& state, const RecordLost& fact) {
  Record& record = state.record;
  ++record.next_job.value;
  if (record.lost.size() < lost_records_max) {
    record.lost.push_back(LostRecord{fact.at, fact.sequence, fact.why});
  }
}

}  // namespace cox::core
