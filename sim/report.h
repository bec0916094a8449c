// What a replay came to: waits, slowdown, utilisation.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/replay.h"

namespace cox::sim {

struct Figures {
  std::size_t jobs = 0;
  double mean_wait_s = 0;
  double mean_bounded_slowdown = 0;  // max(1, (wait + run) / max(run, 10 s))
  std::int64_t p95_wait_s = 0, p99_wait_s = 0, max_wait_s = 0;  // nearest rank
  double utilisation = 0;  // processor seconds used, of those from the first submit to the last end
};

Figures figures_of(const std::vector<Outcome>& outcomes, std::uint64_t processors);

/// One document for programs, one table for people.
std::string to_json(const Figures& figures);
std::string to_text(const Figures& figures);

}  // namespace cox::sim
