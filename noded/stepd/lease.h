// fence = "self": the tasks' permission to run, renewed by the node daemon while it hears the
// controller. It runs out also when the node daemon is dead.
#pragma once

#include <functional>

#include "platform/loop.h"

namespace cox::stepd {

class Lease {
 public:
  /// `run_out` gets what is left between TERM and KILL.
  Lease(platform::Loop& loop, std::function<void(Duration kill_wait)> run_out);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// Replaces the lease before; 0 lifts it.
  void renew(Duration left, Duration kill_wait);

 private:
  platform::Loop& loop_;
  std::function<void(Duration)> run_out_;
  platform::TimerId timer_ = 0;
};

}  // namespace cox::stepd
