// How much of a usage is left after some time: halved in each half-life, in integers, so that a
// replay on any machine gives the same.
#pragma once

#include <cstdint>

#include "model/time.h"

namespace cox::core {

/// `amount` x 2^-(elapsed / half_life), rounded down. `elapsed` >= 0; `half_life` > 0.
std::uint64_t decayed(std::uint64_t amount, Duration elapsed, Duration half_life);

}  // namespace cox::core
