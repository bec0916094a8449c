// Chance that is the same again from the same seed.
#pragma once

#include <cstdint>

namespace cox::testing {

/// Our own generator: the standard library's distributions differ between libraries.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 2 + 1) {}

  std::uint64_t roll(std::uint64_t sides) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return (z ^ (z >> 31U)) % sides;
  }

  bool chance(std::uint64_t percent) { return roll(100) < percent; }

  std::uint32_t small(std::uint32_t sides) { return static_cast<std::uint32_t>(roll(sides)); }

 private:
  std::uint64_t state_;
};

}  // namespace cox::testing
