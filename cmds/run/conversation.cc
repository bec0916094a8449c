// Follows an interactive job or a new step at the controller.
#include "cmds/run/conversation.h"

#include <utility>

#include "cmds/run/run_request.h"

namespace cox::cmds {

Result<Conversation> Conversation::start(Session session,
                                         wire::ClientRequest request,
                                         RunVoice& voice) {
  Conversation conversation(std::move(session), std::move(request), voice);
  if (conversation.request_.has_create_step()) {
    conversation.job_ = conversation.request_.create_step().job();
  }
  const auto sent = conversation.session_.send(conversation.request_);
  if (sent) return conversation;
  const auto mended = conversation.mend(sent.error());
  if (!mended) return Failure(mended.error());
  return conversation;
}

Result<void> Conversation::take_answers() {
  while (is_open_) {
    const auto reply = session_.next(Duration{0});
    if (!reply) return mend(reply.error());
    if (!*reply) return {};
    take(**reply);
  }
  return {};
}

void Conversation::take(const wire::ClientReply& reply) {
  if (reply.has_submitted()) job_ = reply.submitted().job();
  if (reply.has_step_ready()) ready_ = reply.step_ready();
  if (reply.has_step_taken()) {
    step_ = reply.step_taken().step();
    taken_ = reply.step_taken();
  }
  if (reply.has_event()) {
    const wire::JobView& job = reply.event().job();
    if (job.is_final()) ended_ = job;
    if (step_ && !job.steps().empty()) ended_step_ = job.steps(0);
    if (!ready_) voice_->job_changed(job);
  }
  if (reply.last()) is_open_ = false;
}

void Conversation::tell_step_wait() {
  if (taken_.waits().empty() || !step_) return;
  voice_->step_waits(taken_);
  taken_.clear_waits();
}

std::string Conversation::job_name() const {
  if (ready_) return job_name_of(*ready_);
  return step_ ? job_name_of(taken_) : std::to_string(job_);
}

Result<void> Conversation::mend(Error error) {
  while (error.code == Code::unreachable) {
    if (ready_) {
      is_open_ = false;
      return {};
    }
    // Both a submit and a step carry the key by which the controller knows them again.
    const auto again = session_.reconnect(error);
    if (!again) return again;
    const auto sent = session_.send(request_);
    if (sent) return {};
    error = sent.error();
  }
  return Failure(std::move(error));
}

Result<void> Conversation::cancel() {
  // A step that the controller has not answered for ends with our connection.
  if (job_ == 0 || (request_.has_create_step() && !step_)) return {};
  auto other = Session::open(ClusterAddress{session_.address(), session_.key()});
  if (!other) return Failure(other.error());
  wire::ClientRequest request;
  request.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  request.mutable_job_action()->add_jobs(job_);
  if (step_) {
    request.mutable_job_action()->set_has_step(true);
    request.mutable_job_action()->set_step(*step_);
  }
  const auto reply = other->ask(request);
  if (!reply) return Failure(reply.error());
  return {};
}

}  // namespace cox::cmds
