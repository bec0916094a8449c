// What the driver does at which moment of the monotonic clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <utility>

namespace cox::kills {

class Timeline {
 public:
  using Clock = std::chrono::steady_clock;

  void after(std::chrono::microseconds delay, std::function<void()> work) {
    queue_.emplace(Clock::now() + delay, std::move(work));
  }

  /// Runs what is due.
  void run_due() {
    while (!queue_.empty() && queue_.begin()->first <= Clock::now()) {
      auto entry = queue_.extract(queue_.begin());
      entry.mapped()();
    }
  }

  bool empty() const { return queue_.empty(); }

  /// Until the next, at most `limit`.
  std::chrono::microseconds left(std::chrono::microseconds limit) const {
    if (queue_.empty()) return limit;
    const auto left =
        std::chrono::duration_cast<std::chrono::microseconds>(queue_.begin()->first - Clock::now());
    return std::clamp(left, std::chrono::microseconds{0}, limit);
  }

 private:
  std::multimap<Clock::time_point, std::function<void()>> queue_;
};

}  // namespace cox::kills
