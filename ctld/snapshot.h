// The whole cluster on its way to a simulator, slice by slice.
#pragma once

#include "core/contact.h"
#include "core/schedule/plan.h"
#include "core/state.h"
#include "ctld/output_queue.h"
#include "ctld/watches.h"
#include "wire/client.pb.h"

namespace cox::ctld {

class Snapshot {
 public:
  explicit Snapshot(Conversation conversation) : conversation_(conversation) {}

  /// The next slice, into a reply without number. True when it was the last.
  bool next(const core::State& state,
            const core::Contact& contact,
            const core::Plan& plan,
            Instant now,
            wire::ClientReply* reply);

  const Conversation& conversation() const { return conversation_; }

 private:
  Conversation conversation_;
  bool has_begun_ = false;
  JobId last_seen_;
};

}  // namespace cox::ctld
