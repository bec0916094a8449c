// What the controller tells of the step that `cox run` asked for, from the wait in the queue to the
// job's end.
#pragma once

#include <optional>

#include "cmds/client/session.h"
#include "cmds/run/voice.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

class Conversation {
 public:
  /// Sends `request`: an attached submit or a CreateStep.
  static Result<Conversation> start(Session session, wire::ClientRequest request, RunVoice& voice);

  /// Takes every answer that has arrived. A broken connection is made again and the request
  /// resent while nothing runs yet; later it is given up, since the step does not need it.
  Result<void> take_answers();

  int descriptor() const { return is_open_ ? session_.descriptor() : -1; }

  std::uint64_t job() const { return job_; }

  /// As people write it.
  std::string job_name() const;

  const std::optional<wire::StepReady>& ready() const { return ready_; }

  /// What the step waits for, while it does and has not been said yet.
  const std::string& step_waits() const { return taken_.waits(); }

  /// Says it, once.
  void tell_step_wait();

  /// The job as last heard of, when it has ended.
  const std::optional<wire::JobView>& ended() const { return ended_; }

  /// The step that was asked for, when it has ended in a job that has not.
  const std::optional<wire::StepView>& ended_step() const { return ended_step_; }

  /// No more answers will come.
  bool is_over() const { return !is_open_; }

  /// Cancels what was asked for: the job, or the step alone.
  Result<void> cancel();

 private:
  Conversation(Session session, wire::ClientRequest request, RunVoice& voice)
      : session_(std::move(session)), request_(std::move(request)), voice_(&voice) {}

  void take(const wire::ClientReply& reply);
  Result<void> mend(Error error);

  Session session_;
  wire::ClientRequest request_;
  RunVoice* voice_;
  std::uint64_t job_ = 0;
  bool is_open_ = true;
  std::optional<wire::StepReady> ready_;
  std::optional<wire::JobView> ended_;
  std::optional<std::uint32_t> step_;  // of a CreateStep that was taken up
  wire::StepTaken taken_;              // likewise; without what was said already
  std::optional<wire::StepView> ended_step_;
};

}  // namespace cox::cmds
