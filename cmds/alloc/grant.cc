// See grant.h. A resent submit has the same key, so that the controller knows it again.
#include "cmds/alloc/grant.h"

#include <utility>

namespace cox::cmds {

Result<Grant> Grant::start(Session session, wire::ClientRequest request, AllocVoice& voice) {
  Grant grant(std::move(session), std::move(request), voice);
  if (const auto sent = grant.session_.send(grant.request_); !sent) {
    if (auto mended = grant.lost(sent.error()); !mended) return Failure(mended.error());
  }
  return grant;
}

Result<void> Grant::take_answers() {
  while (is_connected_ && !has_ended()) {
    const auto reply = session_.next(Duration{0});
    if (!reply) return lost(reply.error());
    if (!*reply) return {};
    take(**reply);
  }
  return {};
}

void Grant::take(const wire::ClientReply& reply) {
  if (reply.has_submitted()) job_id_ = reply.submitted().job();
  if (!reply.has_event()) return;
  job_ = reply.event().job();
  has_begun_ = has_begun_ || job_.state() == "RUNNING";
  if (!has_begun_) voice_->waits(job_);
}

Result<void> Grant::lost(const Error& error) {
  if (has_begun_ && error.code == Code::unreachable) {
    is_connected_ = false;
    return {};
  }
  Error why = error;
  while (why.code == Code::unreachable) {
    if (auto again = session_.reconnect(why); !again) return again;
    const auto sent = session_.send(request_);
    if (sent) return {};
    why = sent.error();
  }
  return Failure(std::move(why));
}

void Grant::reconnect() {
  if (is_connected_) return;
  auto opened = Session::open(ClusterAddress{session_.address(), session_.key()});
  if (!opened) return;
  session_ = std::move(*opened);
  is_connected_ = session_.send(request_).has_value();
}

Result<void> Grant::end_job() {
  if (job_id_ == 0 || has_ended()) return {};
  auto other = Session::open(ClusterAddress{session_.address(), session_.key()});
  if (!other) return Failure(other.error());
  wire::ClientRequest request;
  request.mutable_job_action()->set_kind(has_begun_ ? wire::JobAction::FINISH
                                                    : wire::JobAction::CANCEL);
  request.mutable_job_action()->add_jobs(job_id_);
  const auto reply = other->ask_surely(request);
  if (!reply) return Failure(reply.error());
  return {};
}

}  // namespace cox::cmds
