// The one `now` of a turn. It follows the wall clock and never goes back; when somebody sets the
// clock, spans that were being waited for (silence, patience) must not end or stand still by it.
#pragma once

#include <optional>

#include "model/time.h"

namespace cox::ctld {

class TurnClock {
 public:
  /// now of the next turn. A wall clock that was put back is waited for: until it has caught up,
  /// time passes at half its speed.
  /// monotonic: of any origin; grows by the time that truly passed
  Instant next(Instant wall, Duration monotonic);

  /// How far the wall clock was put forward just before this turn; 0 as a rule.
  Duration jump() const { return jump_; }

  /// How long there was no turn before this one, where that is not as usual: the process was
  /// stopped, or its machine had no time for it, and what was said to it meanwhile is still to be
  /// read.
  Duration stall() const { return stall_; }

 private:
  Instant now_;
  std::optional<Duration> monotonic_;
  Duration jump_, stall_;
};

}  // namespace cox::ctld
