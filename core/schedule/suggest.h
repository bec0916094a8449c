// What a user could change so that a waiting job starts sooner: small changes, each planned again
// in the job's own place.
#pragma once

#include <string>
#include <vector>

#include "core/schedule/plan.h"

namespace cox::core {

struct Suggestion {
  std::string change;  // as cox-update takes it: "time=30:00"
  Instant start;       // then; `now` when at once
  bool is_now = false;
  bool is_estimate = false;
};

/// Those that let it start sooner than it will, the soonest first; none when it does not wait for
/// resources. A shorter limit, fewer nodes or tasks, less memory, another partition, in the steps
/// that cox-why(1) names: of each the least that helps, and the least that helps most. Places in
/// the order are those of today.
std::vector<Suggestion> suggest(const State& state,
                                const Contact& contact,
                                Instant now,
                                Policies policies,
                                const Job& job,
                                std::uint32_t index);

}  // namespace cox::core
