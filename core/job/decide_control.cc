// What people do to a job, an array or elements of one: cancel, hold, release, requeue. Asking for
// what is so already is no error. Elements that are all alike stay one record; where only some of
// them change they become jobs of their own first.
#include <string>
#include <vector>

#include "core/job/array.h"
#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/job/targets.h"
#include "core/scene.h"

namespace cox::core {
namespace {

Failure wrong_phase(const Job& job, const std::string& why) {
  return fail(Code::refused,
              job_text(job) + " is " + std::string(to_text(job_state(job))) + ": " + why);
}

std::string by_text(const Caller& caller, const Job& job, const char* what) {
  return std::string(what) + " by " + actor_text(caller, job);
}

/// Jobs among the targets that wait. error: refused when none does, naming one that does not
Result<std::vector<const Job*>> waiting(const Targets& targets, const std::string& why) {
  std::vector<const Job*> jobs;
  for (const Job* job : targets.jobs) {
    if (job->phase == JobPhase::pending) jobs.push_back(job);
  }
  if (jobs.empty() && targets.together.empty()) return wrong_phase(*targets.jobs.front(), why);
  return jobs;
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const CancelJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const std::string why = by_text(ask.caller, *scene.state.find_job(ask.job), "cancelled");
  Endings endings(scene.state, scene.now);
  if (targets->together.count() == 1 && !ask.elements.empty()) {
    const Job element = endings.split(*targets->array, targets->together.first());
    endings.end_waiting(element, JobState::cancelled, ask.caller.uid, why);
  } else if (!targets->together.empty()) {
    endings.cancel_elements(*targets->array, targets->together, ask.caller.uid, why);
  }
  for (const Job* job : targets->jobs) {
    if (job->phase == JobPhase::ended) return wrong_phase(*job, "it has ended");
    if (job->phase == JobPhase::pending) {
      endings.end_waiting(*job, JobState::cancelled, ask.caller.uid, why);
    } else {
      endings.end_job(*job, EndCause::cancelled, ask.caller.uid, why);
    }
  }
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const FinishJob& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  const JobCommon& common = *job.request.common;
  if (common.kind != JobKind::interactive || common.has_initial_step) {
    return fail(Code::refused, job_text(job) + " is no allocation: it ends with its tasks (see: " +
                                   "cox cancel " + job_name(job) + ")");
  }
  if (job.phase == JobPhase::ended) return wrong_phase(job, "it has ended");
  Endings endings(scene.state, scene.now);
  const std::string why = "the command that had asked for it is gone";
  if (job.phase == JobPhase::pending) {
    endings.end_waiting(job, JobState::cancelled, ask.caller.uid, ask.client_gone ? why : "");
  } else if (ask.client_gone) {
    endings.end_job(job, EndCause::client_gone, ask.caller.uid, why);
  } else {
    endings.end_job(job, EndCause::finished, ask.caller.uid, "");
  }
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const HoldJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const auto jobs = waiting(*targets, "only a pending job can be held");
  if (!jobs.has_value()) return Failure(jobs.error());
  Endings endings(scene.state, scene.now);
  if (targets->is_whole_remainder()) {
    hold_job(scene, ask.caller, *targets->array, endings);
  } else if (!targets->together.empty() &&
             hold_by(ask.caller, *targets->array) != targets->array->hold) {
    const auto elements = split_off(*targets, endings);
    if (!elements.has_value()) return Failure(elements.error());
    for (const Job& element : *elements) hold_job(scene, ask.caller, element, endings);
  }
  for (const Job* job : *jobs) hold_job(scene, ask.caller, *job, endings);
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const ReleaseJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  const auto jobs = waiting(*targets, "only a pending job can be released");
  if (!jobs.has_value()) return Failure(jobs.error());
  Endings endings(scene.state, scene.now);
  Result<void> released;
  if (targets->is_whole_remainder()) {
    released = release_job(scene, ask.caller, *targets->array, endings);
  } else if (!targets->together.empty() && targets->array->hold != Hold::none) {
    const auto elements = split_off(*targets, endings);
    if (!elements.has_value()) return Failure(elements.error());
    for (const Job& element : *elements) {
      if (released.has_value()) released = release_job(scene, ask.caller, element, endings);
    }
  }
  for (const Job* job : *jobs) {
    if (released.has_value()) released = release_job(scene, ask.caller, *job, endings);
  }
  if (!released.has_value()) return Failure(released.error());
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const RequeueJob& ask) {
  const auto targets = find_targets(scene, ask.caller, ask.job, ask.elements);
  if (!targets.has_value()) return Failure(targets.error());
  Endings endings(scene.state, scene.now);
  bool waits = !targets->together.empty();
  bool is_requeued = false;
  for (const Job* job : targets->jobs) {
    waits = waits || job->phase == JobPhase::pending;
    if (job->phase != JobPhase::starting && job->phase != JobPhase::running) continue;
    is_requeued = true;
    if (!is_requeued_after(job->request, EndCause::requeued)) {
      const bool is_interactive = job->request.common->kind == JobKind::interactive;
      return fail(Code::refused,
                  job_text(*job) + (is_interactive ? " is interactive and cannot be requeued"
                                                   : " was submitted not to be requeued"));
    }
    if (ask.hold) hold_job(scene, ask.caller, *job, endings);
    endings.end_job(*job, EndCause::requeued, ask.caller.uid,
                    by_text(ask.caller, *job, "requeued"));
  }
  if (is_requeued) return endings.take();
  const Job& named = targets->jobs.empty() ? *targets->array : *targets->jobs.front();
  return wrong_phase(named, waits ? "it is in the queue already" : "too late to requeue it");
}

}  // namespace cox::core
