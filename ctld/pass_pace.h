// How much of the pass and of long lists fits into one turn: the daemon has a clock, the core only
// counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "ctld/controller.h"
#include "ctld/tally.h"
#include "model/time.h"

namespace cox::ctld {

class PassPace {
 public:
  using Monotonic = std::function<Duration()>;

  explicit PassPace(Monotonic monotonic) : monotonic_(std::move(monotonic)) {}

  /// Plans for about a millisecond at most, then answers a part of a list. While changes come in
  /// and jobs are planned, lists get a small share of the time. False while there is more to do at
  /// once. `planning`: what planning took.
  bool run(Controller& controller, Spent* planning);

 private:
  bool plan(Controller& controller);
  bool list(Controller& controller, bool is_planned);

  Monotonic monotonic_;
  std::size_t steps_ = 16;  // per call: adapted to what they cost
  std::uint64_t urgent_seen_ = 0;
  Duration urgent_until_, lists_from_;
};

}  // namespace cox::ctld
