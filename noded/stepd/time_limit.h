// What is counted from Go by the monotonic clock: the signal before the job's time limit, and the
// limit itself. Each node counts by itself: the first one's word would come later. Both move when
// the job's limit is changed while it runs, and stand still when its tasks do.
#pragma once

#include <functional>

#include "noded/stepd/plan.h"
#include "platform/loop.h"

namespace cox::stepd {

class TimeLimit {
 public:
  struct Events {
    std::function<void()> signal_due, reached;
  };

  TimeLimit(platform::Loop& loop, const StepPlan& plan, Events events);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  /// Go was given.
  void start();
  /// Nothing is left that could be ended.
  void stop();
  /// The job may run `limit` in all. Before Go or after; the same once more changes nothing.
  void change(Duration limit);
  /// No time passes until they go on. Before Go or after; the same once more changes nothing.
  void pause(bool stands);

 private:
  void arm();
  void disarm();
  void arm_signal(Duration gone);

  platform::Loop& loop_;
  const StepPlan& plan_;
  Events events_;
  Duration left_;    // of the job, from Go
  Duration begun_;   // monotonic
  Duration paused_;  // monotonic
  bool is_begun_ = false, is_changed_ = false, is_stopped_ = false, is_paused_ = false;
  platform::TimerId limit_timer_ = 0, signal_timer_ = 0;
};

}  // namespace cox::stepd
