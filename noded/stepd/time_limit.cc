// See time_limit.h.
#include "noded/stepd/time_limit.h"

#include <algorithm>
#include <utility>

namespace cox::stepd {

TimeLimit::TimeLimit(platform::Loop& loop, const StepPlan& plan, Events events)
    : loop_(loop), plan_(plan), events_(std::move(events)), left_(plan.time_left) {}

TimeLimit::~TimeLimit() {
  stop();
}

void TimeLimit::stop() {
  is_stopped_ = true;
  disarm();
}

void TimeLimit::disarm() {
  loop_.cancel(std::exchange(limit_timer_, 0));
  loop_.cancel(std::exchange(signal_timer_, 0));
}

void TimeLimit::start() {
  begun_ = paused_ = loop_.monotonic();
  is_begun_ = true;
  arm();
}

void TimeLimit::pause(bool stands) {
  if (stands == is_paused_) {
    return;
  }
  is_paused_ = stands;
  const Duration now = loop_.monotonic();
  if (stands) {
    paused_ = now;
    disarm();
    return;
  }
  begun_ = Duration{begun_.us + now.us - paused_.us};
  if (is_begun_ && !is_stopped_) {
    arm();
  }
}

void TimeLimit::change(Duration limit) {
  const Duration left = limit >= duration_unlimited
                            ? duration_unlimited
                            : std::max(Duration{limit.us - plan_.ran.us}, microseconds(1));
  if (left == left_) {
    return;
  }
  left_ = left;
  is_changed_ = is_begun_;
  if (is_begun_ && !is_stopped_) {
    arm();
  }
}

void TimeLimit::arm() {
  disarm();
  if (is_paused_) {
    return;
  }
  const Duration gone{loop_.monotonic().us - begun_.us};
  arm_signal(gone);
  const Duration limit = std::min(left_, plan_.own_limit);
  if (limit < duration_unlimited) {
    limit_timer_ = loop_.after(std::max(Duration{limit.us - gone.us}, Duration{}), [this] {
      limit_timer_ = 0;
      events_.reached();
    });
  }
}

// A step that begins later than that instant gets none; one whose limit is drawn back behind it
// gets it at once, and one whose limit is put off once more.
void TimeLimit::arm_signal(Duration gone) {
  if (!plan_.wants_signal || left_ >= duration_unlimited) {
    return;
  }
  const Duration due{left_.us - plan_.job.common->early_signal.before.us};
  if (due.us <= 0 && !is_changed_) {
    return;
  }
  signal_timer_ = loop_.after(std::max(Duration{due.us - gone.us}, Duration{}), [this] {
    signal_timer_ = 0;
    events_.signal_due();
  });
}

}  // namespace cox::stepd
