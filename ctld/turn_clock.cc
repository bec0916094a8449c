// See turn_clock.h.
#include "ctld/turn_clock.h"

#include <algorithm>

namespace cox::ctld {
namespace {

// Less is a clock that is being adjusted, not set.
constexpr Duration jump_min = seconds(1);
// There is a turn each second at least: with less between them the loop is only late.
constexpr Duration stall_min = seconds(2);

}  // namespace

Instant TurnClock::next(Instant wall, Duration monotonic) {
  const Duration passed{monotonic_ ? monotonic.us - monotonic_->us : 0};
  const bool is_first = !monotonic_;
  monotonic_ = monotonic;
  jump_ = Duration{};
  stall_ = passed > stall_min ? passed : Duration{};
  if (is_first || wall > now_ + passed + jump_min) {
    if (!is_first) jump_ = wall - (now_ + passed);
    now_ = std::max(now_, wall);
  } else {
    now_ = std::max(now_ + Duration{passed.us / 2}, wall);
  }
  return now_;
}

}  // namespace cox::ctld
