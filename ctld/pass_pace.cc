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
// So long after something urgent lists rest for a multiple of what each part of them took.
constexpr Duration urgent_for = milliseconds(5);
constexpr std::int64_t rests_per_list = 19;

}  // namespace

bool PassPace::run(Controller& controller, Spent* planning) {
  const Duration begin = monotonic_();
  const bool is_planned = plan(controller);
  planning->add(Duration{monotonic_().us - begin.us});
  const bool is_listed = !controller.has_lists() || list(controller, is_planned);
  return is_planned && is_listed;
}

bool PassPace::plan(Controller& controller) {
  const Duration begin = monotonic_();
  for (Duration before = begin;;) {
    const bool done = controller.plan_jobs(steps_);
    const Duration after = monotonic_();
    const Duration cost{after.us - before.us};
    if (cost > call_long) steps_ = std::max<std::size_t>(steps_ / 2, 1);
    if (cost < call_short) steps_ = std::min(steps_ * 2, pass_steps_max);
    if (done) return true;
    if (after.us - begin.us >= slice.us) return false;
    before = after;
  }
}

bool PassPace::list(Controller& controller, bool is_planned) {
  const Duration before = monotonic_();
  const bool is_urgent = !is_planned || controller.urgent() != urgent_seen_;
  urgent_seen_ = controller.urgent();
  if (is_urgent) urgent_until_ = Duration{before.us + urgent_for.us};
  // Put off: the daemon comes back after a pause, or with what is urgent.
  if (before < urgent_until_ && before < lists_from_) return true;
  const bool done = controller.continue_lists();
  const Duration after = monotonic_();
  lists_from_ = Duration{after.us + rests_per_list * (after.us - before.us)};
  return done;
}

}  // namespace cox::ctld
