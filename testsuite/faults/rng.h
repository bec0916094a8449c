// The one source of chance in a simulated run. Own generator: the standard distributions differ
// between libraries, and a seed must give the same run everywhere.
#pragma once

#include <cstdint>

namespace cox::faults {

/// SplitMix64 (Steele, Lea, Flood 2014).
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58'476D'1CE4'E5B9ULL;
    z = (z ^ (z >> 27U)) * 0x94D0'49BB'1331'11EBULL;
    return z ^ (z >> 31U);
  }

  /// Uniform enough in [0, n); n must not be 0.
  std::uint64_t below(std::uint64_t n) { return next() % n; }

  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }

  /// True `n` times in `of`.
  bool chance(std::uint64_t n, std::uint64_t of) { return below(of) < n; }

  /// An independent stream, so that one kind of fault does not shift another.
  Rng fork() { return Rng(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace cox::faults
