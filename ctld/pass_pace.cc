// Slices of at most a millisecond.
#include "ctld/pass_pace.h"

#include <algorithm>

namespace cox::ctld {

namespace {

constexpr Duration slice = milliseconds(1);
// One call should cost a small part of the slice, so that the slice ends on time.
constexpr Duration call_long = microseconds(250);
constexpr Duration call_short = microseconds(50);
constexpr std::size_t pass_steps_max = 1024;

}  // namespace

bool PassPace::run(const platform::Loop& loop, Controller& controller) {
  const Duration begin = loop.monotonic();
  for (Duration before = begin;;) {
    const bool done = controller.plan(steps_);
    const Duration after = loop.monotonic();
    const Duration cost{after.us - before.us};
    if (cost > call_long) steps_ = std::max<std::size_t>(steps_ / 2, 1);
    if (cost < call_short) steps_ = std::min(steps_ * 2, pass_steps_max);
    if (done) return true;
    if (after.us - begin.us >= slice.us) return false;
    before = after;
  }
}

}  // namespace cox::ctld
