// When to look at a queue again that tells nobody when it shrinks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "model/time.h"

namespace cox::stepd {

/// Soon while it shrinks, so that it is never empty for long; ever more seldom while its reader
/// stands still, which may be for days.
class LookAgain {
 public:
  Duration next(std::size_t queued) {
    wait_ = queued < before_ ? shortest : std::min(Duration{wait_.us * 2}, longest);
    before_ = queued;
    return wait_;
  }

 private:
  static constexpr Duration shortest = microseconds(500);
  static constexpr Duration longest = milliseconds(20);

  std::size_t before_ = std::numeric_limits<std::size_t>::max();
  Duration wait_ = shortest;
};

}  // namespace cox::stepd
