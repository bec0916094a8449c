// A wait for what the kernel is about to do, too short for a timer. It is bounded by time: giving
// the processor away costs a microsecond on an idle machine, and the turns of all others on a busy
// one.
#pragma once

#include <sched.h>

#include <chrono>

#include "model/time.h"

namespace cox::platform {

class ShortWait {
 public:
  explicit ShortWait(Duration most)
      : end_(std::chrono::steady_clock::now() + std::chrono::microseconds(most.us)) {}

  /// Gives the processor away once; false, without doing so, when the time is over.
  bool go_on() const {
    if (std::chrono::steady_clock::now() >= end_) return false;
    ::sched_yield();
    return true;
  }

 private:
  std::chrono::steady_clock::time_point end_;
};

}  // namespace cox::platform
