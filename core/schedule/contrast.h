// Why one job stands before another: term by term, and when that will change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/schedule/plan.h"

namespace cox::core {

/// One that waits: a job, or an element of an array that has no job of its own yet.
struct Contender {
  const Job& job;
  std::optional<std::uint32_t> index;

  std::string name() const;
  JobId array() const;  // the job itself where it is of none
  std::uint32_t place_in_array() const;
};

struct ContrastTerm {
  std::string name;
  std::int64_t mine = 0, theirs = 0;  // thousandths of a point
};

struct Contrast {
  std::string partition;  // where both wait; empty: nowhere, and `summary` says why
  bool is_before = false;
  std::string summary;
  std::vector<ContrastTerm> terms;
  Instant crossing;  // from then on it is the other way; unset: it stays, as shares stand
};

/// error: refused when one of them does not wait
Result<Contrast> contrast(const State& state,
                          const Contact& contact,
                          Instant now,
                          Policies policies,
                          const Contender& job,
                          const Contender& other);

}  // namespace cox::core
