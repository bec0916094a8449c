// What became of a job of a log.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace cox::sim {

/// Runs that are shorter count as this long in a slowdown.
inline constexpr std::int64_t run_least_s = 10;

struct Outcome {
  std::int64_t submit_s = 0, start_s = 0, end_s = 0;  // since the log's start
  std::uint32_t processors = 0;
  std::int64_t number = 0;             // of the log
  std::int64_t user = -1, group = -1;  // -1: the log does not say
  std::vector<std::uint32_t> nodes{};  // places in the machine, ascending

  std::int64_t wait_s() const { return start_s - submit_s; }

  std::int64_t run_s() const { return end_s - start_s; }

  double bounded_slowdown() const {
    const auto bound = static_cast<double>(std::max(run_s(), run_least_s));
    return std::max(1.0, static_cast<double>(wait_s() + run_s()) / bound);
  }
};

/// Users and accounts of a log, as the core knows them: "u7", "g3"; "-" for -1.
inline std::string user_name(std::int64_t user) {
  return user < 0 ? "-" : "u" + std::to_string(user);
}

inline std::string account_name(std::int64_t group) {
  return group < 0 ? "-" : "g" + std::to_string(group);
}

}  // namespace cox::sim
