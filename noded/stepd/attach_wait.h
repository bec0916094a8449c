// How long output is kept for a client that has not come: for a minute from the step's start, and
// once more for a minute when its result is on record, since the controller that would have sent
// the client here may be dead. ctld/late_steps knows us so long.
#pragma once

#include <functional>

#include "platform/loop.h"

namespace cox::stepd {

class AttachWait {
 public:
  explicit AttachWait(platform::Loop& loop) : loop_(loop) {}

  ~AttachWait() { end(); }

  AttachWait(const AttachWait&) = delete;
  AttachWait& operator=(const AttachWait&) = delete;

  /// The step runs. `late`: nobody came.
  void begin(std::function<void()> late);
  /// Its result is on record. Once: every later daemon says so again.
  void begin_last(std::function<void()> late);

  /// The client came.
  void end() { loop_.cancel(timer_); }

 private:
  platform::Loop& loop_;
  platform::TimerId timer_ = 0;
  bool is_last_ = false;
};

}  // namespace cox::stepd
