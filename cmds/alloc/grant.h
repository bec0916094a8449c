// An allocation as the command that asked for it hears of it: that it waits, that it is there, that
// it has ended. A controller that goes is asked again, for as long as it takes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cmds/alloc/voice.h"
#include "cmds/client/session.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

class Grant {
 public:
  /// Sends `request`, an attached submit.
  static Result<Grant> start(Session session, wire::ClientRequest request, AllocVoice& voice);

  /// Takes every answer that has arrived. Before the job has begun a broken connection is made
  /// again at once, or that fails; later see reconnect().
  Result<void> take_answers();
  /// To be called about once a second: tries to reach a controller that was lost.
  void reconnect();

  /// -1 while there is none.
  int descriptor() const { return is_connected_ ? session_.descriptor() : -1; }

  bool is_connected() const { return is_connected_; }

  std::uint64_t job_id() const { return job_id_; }

  /// The job as last heard of.
  const wire::JobView& job() const { return job_; }

  bool has_begun() const { return has_begun_; }

  bool has_ended() const { return job_.is_final(); }

  /// Cancels a job that waits, or gives back one that has begun.
  Result<void> end_job();

 private:
  Grant(Session session, wire::ClientRequest request, AllocVoice& voice)
      : session_(std::move(session)), request_(std::move(request)), voice_(&voice) {}

  void take(const wire::ClientReply& reply);
  Result<void> lost(const Error& error);

  Session session_;
  wire::ClientRequest request_;
  AllocVoice* voice_;
  bool is_connected_ = true;
  bool has_begun_ = false;
  std::uint64_t job_id_ = 0;
  wire::JobView job_;
};

}  // namespace cox::cmds
