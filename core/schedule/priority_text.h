// The priority of a job in words: every term of its key.
#pragma once

#include <string>

#include "core/schedule/plan.h"

namespace cox::core {

/// "tier 1, 11000.4 points: age 0.4, fairshare 10000, size 1000, partition 0, qos 0, nice 0".
std::string priority_text(const State& state,
                          Policies policies,
                          Instant now,
                          const Job& job,
                          const PartitionSettings& partition);

}  // namespace cox::core
