// What a controller has counted and measured since it began, for people to look at. It is not kept,
// and nothing is decided by it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "core/fact.h"
#include "core/state.h"
#include "model/time.h"

namespace cox::ctld {

struct JobTally {
  std::uint64_t submitted = 0, started = 0, completed = 0, cancelled = 0, failed = 0;

  /// `state`: before the fact.
  void learn(const core::State& state, const core::Fact& fact);
};

/// How often something was done, and the time it took.
struct Spent {
  std::uint64_t count = 0;
  Duration all, last, longest;

  void add(Duration time) {
    ++count;
    all = all + time;
    last = time;
    longest = std::max(longest, time);
  }
};

/// What the daemon measures, which has a clock.
struct Measured {
  Spent planning;                 // slices of the pass
  std::map<int, Spent> requests;  // by the number of their field
};

}  // namespace cox::ctld
