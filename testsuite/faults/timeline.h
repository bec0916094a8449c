// Virtual time: what happens next, and when. No test sleeps; the clock jumps.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "model/time.h"

namespace cox::faults {

class Timeline {
 public:
  Instant now() const { return now_; }

  /// Runs `work` after `delay`. Equal instants run in the order they were asked for.
  void after(Duration delay, std::function<void()> work) {
    queue_.emplace(std::pair{now_ + delay, order_++}, std::move(work));
  }

  /// Jumps to the next event and runs it; false when none is left or it lies beyond `until`.
  bool step(Instant until) {
    if (queue_.empty() || queue_.begin()->first.first > until) {
      return false;
    }
    auto entry = queue_.extract(queue_.begin());
    const Instant before = std::exchange(now_, entry.key().first);
    if (before.us / second_us != now_.us / second_us) in_second_ = 0;
    ++in_second_;
    entry.mapped()();
    return true;
  }

  /// Events of the virtual second that it is.
  std::uint64_t in_second() const { return in_second_; }

 private:
  static constexpr std::int64_t second_us = 1'000'000;

  std::uint64_t in_second_ = 0;
  Instant now_{1'700'000'000'000'000};  // any date will do
  std::uint64_t order_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> queue_;
};

}  // namespace cox::faults
