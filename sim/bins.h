// What the picture of a replay shows: means over equal pieces of time, and over jobs of like size.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/outcome.h"

namespace cox::sim {

/// From the first submit to the last end, in pieces of one width.
struct TimeBins {
  std::int64_t first_s = 0, last_s = 0;
  std::vector<double> used;         // processors, the mean of each piece
  std::vector<double> waiting;      // jobs, likewise
  std::vector<std::uint32_t> peak;  // most jobs that waited at once

  double width_s() const {
    return static_cast<double>(last_s - first_s) / static_cast<double>(used.size());
  }
};

/// `count` pieces; none when there is no time between.
TimeBins bins_over_time(const std::vector<Outcome>& outcomes, std::size_t count);

/// Jobs of more than half as many processors as `most`, to `most`.
struct SizeBin {
  std::uint64_t most = 1;
  std::size_t jobs = 0;
  double mean_wait_s = 0, p95_wait_s = 0;
  double mean_slowdown = 0, p95_slowdown = 0;
};

/// By powers of two, from the smallest job to the largest; those between may have no job.
std::vector<SizeBin> bins_by_size(const std::vector<Outcome>& outcomes);

}  // namespace cox::sim
