// What a job waits for of other jobs: "afterok:12:13,singleton" or "afterany:7_3?after:9+30".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "model/ids.h"

namespace cox {

/// Jobs that one dependency may name, over all its terms.
inline constexpr std::size_t dependency_jobs_max = 10'000;
inline constexpr std::uint32_t dependency_delay_minutes_max = 525'600;  // a year

enum class DependencyKind : std::uint8_t {
  after = 0,                // has begun, or was cancelled
  after_any = 1,            // has ended
  after_ok = 2,             // has ended well
  after_not_ok = 3,         // has failed
  after_corresponding = 4,  // the element of the same index has ended well
  after_burst_buffer = 5,   // has ended, and its files are out
  singleton = 6,            // no other job of this user and name runs
};

/// A job or one element of an array.
struct JobReference {
  JobId job;
  std::optional<std::uint32_t> index;
  std::uint32_t delay_minutes = 0;
  friend bool operator==(const JobReference&, const JobReference&) = default;
};

struct DependencyTerm {
  DependencyKind kind = DependencyKind::after_any;
  std::vector<JobReference> jobs;  // all of them; none with `singleton`
  friend bool operator==(const DependencyTerm&, const DependencyTerm&) = default;
};

struct Dependency {
  bool is_any = false;  // one term is enough
  std::vector<DependencyTerm> terms;
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

/// TYPE:ID[+MINUTES][:ID...] joined by ',' (all) or '?' (any), not both. ID is JOB or JOB_INDEX; a
/// term without a type means afterany. error: bad_usage names the part at fault or the limit
Result<Dependency> parse_dependency(std::string_view text);
/// The same in canonical form: parse_dependency() gives the same value for it.
std::string dependency_text(const Dependency& dependency);

}  // namespace cox
