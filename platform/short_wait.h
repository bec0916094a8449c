// A wait for what the kernel is about to do, too short for a timer. It is bounded by time: giving
// the processor away costs a microsecond on an idle machine, and the turns of all others on a busy
// one.
#pragma once

#include <sched.h>

#include <chrono>
#include <cstdint>

#include "model/time.h"

namespace cox::platform {

class ShortWait {
 public:
  explicit ShortWait(Duration most) : most_(most.us) {}

  /// Gives the processor away once; false, without doing so, when the time is over. The time runs
  /// from the first call.
  bool go_on() {
    const auto now = std::chrono::steady_clock::now();
    if (turns_++ == 0) end_ = now + most_;
    if (now >= end_) return false;
    ::sched_yield();
    return true;
  }

 private:
  std::chrono::microseconds most_;
  std::chrono::steady_clock::time_point end_;
  std::uint64_t turns_ = 0;
};

}  // namespace cox::platform
