// The loop's timers follow the monotonic clock, which nobody sets.
#include "noded/stepd/lease.h"

#include <utility>

namespace cox::stepd {

Lease::Lease(platform::Loop& loop, std::function<void(Duration)> run_out)
    : loop_(loop), run_out_(std::move(run_out)) {}

Lease::~Lease() {
  loop_.cancel(timer_);
}

void Lease::renew(Duration left, Duration kill_wait) {
  loop_.cancel(timer_);
  timer_ = 0;
  if (left.us <= 0) return;
  timer_ = loop_.after(left, [this, kill_wait] { run_out_(kill_wait); });
}

}  // namespace cox::stepd
