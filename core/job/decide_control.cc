// What people do to a job: cancel, hold, release, requeue. Asking for what is so already is no
// error.
#include <string>

#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/scene.h"

namespace cox::core {
namespace {

Failure wrong_phase(const Job& job, const std::string& why) {
  return fail(Code::refused,
              job_text(job.id) + " is " + std::string(to_text(job_state(job))) + ": " + why);
}

std::string by_text(const Caller& caller, const char* what) {
  return std::string(what) + " by uid " + std::to_string(caller.uid);
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const CancelJob& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  if (job.phase == JobPhase::ended) return wrong_phase(job, "it has ended");
  const std::string why = by_text(ask.caller, "cancelled");
  if (job.phase == JobPhase::pending) {
    return Facts{JobEnded{job.id, job.attempt, scene.now, JobState::cancelled, 0, 0, job.run->usage,
                          why, ask.caller.uid}};
  }
  Endings endings(scene.state, scene.now);
  endings.end_job(job, EndCause::cancelled, ask.caller.uid, why);
  return endings.take();
}

Result<Facts> decide_one(const Scene& scene, const HoldJob& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  if (job.phase != JobPhase::pending) return wrong_phase(job, "only a pending job can be held");
  const Hold hold =
      is_operator(ask.caller) && !is_owner(ask.caller, job) ? Hold::by_admin : Hold::by_user;
  if (job.hold == hold || job.hold == Hold::by_admin) return Facts{};
  return Facts{JobHeld{job.id, scene.now, hold, by_text(ask.caller, "held")}};
}

Result<Facts> decide_one(const Scene& scene, const ReleaseJob& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  if (job.phase != JobPhase::pending) return wrong_phase(job, "only a pending job can be released");
  if (job.hold == Hold::none) return Facts{};
  if (job.hold == Hold::by_admin && !is_operator(ask.caller)) {
    return fail(Code::not_permitted, job_text(job.id) + " is held by an operator");
  }
  return Facts{JobUnheld{job.id, scene.now}};
}

Result<Facts> decide_one(const Scene& scene, const RequeueJob& ask) {
  const auto found = controlled_job(scene.state, ask.caller, ask.job);
  if (!found.has_value()) return Failure(found.error());
  const Job& job = **found;
  if (job.phase == JobPhase::pending) return Facts{};
  if (job.phase == JobPhase::ending || job.phase == JobPhase::ended) {
    return wrong_phase(job, "too late to requeue it");
  }
  if (!is_requeued_after(job.request, EndCause::requeued)) {
    return fail(Code::refused, job_text(job.id) + (job.request.common->kind == JobKind::interactive
                                                       ? " is interactive and cannot be requeued"
                                                       : " was submitted not to be requeued"));
  }
  Endings endings(scene.state, scene.now);
  endings.end_job(job, EndCause::requeued, ask.caller.uid, by_text(ask.caller, "requeued"));
  return endings.take();
}

}  // namespace cox::core
