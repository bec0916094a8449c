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
    now_ = entry.key().first;
    entry.mapped()();
    return true;
  }

 private:
  Instant now_{1'700'000'000'000'000};  // any date will do
  std::uint64_t order_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> queue_;
};

}  // namespace cox::faults
