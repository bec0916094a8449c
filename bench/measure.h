// What all benches share: clocks, spawning, medians, and the lines that say how fast and how busy
// the machine was. A figure is worth as much as the calibration beside it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cox::bench {

double monotonic_ms();
/// CLOCK_REALTIME: comparable with what another process of this machine noted.
std::int64_t wall_ns();

/// Runs a program to its end and returns the wall time; its standard output goes to `out`, or to
/// /dev/null when that is null. Ends the bench when the program fails.
double spawn_ms(const std::vector<std::string>& argv, std::string* out = nullptr);

/// Nearest-rank percentile of `samples`, 0 when there are none.
double percentile(std::vector<double> samples, double percent);

/// "NAME: median 1.20 ms, p99 2.31 ms, min 1.05 ms, n 200"
void print_times(const std::string& name, const std::vector<double>& samples_ms);

/// Load average, cores, and 200 spawns of /bin/true.
void print_calibration();

/// Prints "bench: MESSAGE" to stderr and exits 1.
[[noreturn]] void give_up(const std::string& message);

}  // namespace cox::bench
