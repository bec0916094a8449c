// How many steps of the pass fit into one slice: the daemon has a clock, the core only counts.
#pragma once

#include <cstddef>

#include "ctld/controller.h"
#include "platform/loop.h"

namespace cox::ctld {

class PassPace {
 public:
  /// Plans for about a millisecond at most. False while there is more to do.
  bool run(const platform::Loop& loop, Controller& controller);

 private:
  std::size_t steps_ = 16;  // per call: adapted to what they cost
};

}  // namespace cox::ctld
