// Suspend and resume: what runs of a job stands still and keeps all it holds, until an operator
// says otherwise. Only operators may, since nobody else gets what the job holds meanwhile, and its
// time does not pass. Asking for what is so already is no error.
#include <string>

#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/job/targets.h"
#include "core/scene.h"

namespace cox::core {
namespace {

Failure wrong_state(const Job& job, const std::string& why) {
  return fail(Code::refused,
              job_text(job) + " is " + std::string(to_text(job_state(job))) + ": " + why);
}

/// The jobs among the targets that run. error: refused when none does, naming one that does not
Result<std::vector<const Job*>> running(const Targets& targets, const std::string& why) {
  std::vector<const Job*> jobs;
  for (const Job* job : targets.jobs) {
    if (job->phase == JobPhase::running && !is_array(*job)) jobs.push_back(job);
  }
  if (!jobs.empty()) return jobs;
  return wrong_state(targets.jobs.empty() ? *targets.array : *targets.jobs.front(), why);
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const SuspendJob& ask) {
  if (auto may = require_operator(ask.caller, "suspending a job"); !may)
    return Failure(may.error());
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const auto jobs = running(*targets, "only a running job can be suspended");
  if (!jobs.has_value()) return Failure(jobs.error());
  Facts facts;
  for (const Job* job : *jobs) {
    if (job->run->suspended.is_set()) continue;
    facts.push_back(
        JobSuspended{job->id, job->attempt, scene.now, ask.caller.uid, ask.caller.name});
  }
  return facts;
}

Result<Facts> decide_one(const Scene& scene, const ResumeJob& ask) {
  if (auto may = require_operator(ask.caller, "resuming a job"); !may) return Failure(may.error());
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const auto jobs = running(*targets, "only a suspended job can be resumed");
  if (!jobs.has_value()) return Failure(jobs.error());
  Facts facts;
  for (const Job* job : *jobs) {
    if (!job->run->suspended.is_set()) continue;
    facts.push_back(JobResumed{job->id, job->attempt, scene.now, ask.caller.uid, ask.caller.name});
  }
  return facts;
}

}  // namespace cox::core
