// What a request asks of a fleet that no state of the fleet can give, test by test.
#pragma once

#include <vector>

#include "core/core.h"
#include "core/policy/fit.h"
#include "core/schedule/trial.h"

namespace cox::core {

/// The tests of placement on the whole nodes of `partition`, whatever is used, away or set aside.
std::vector<VerdictCheck> check_fleet(const State& state,
                                      const PartitionSettings& partition,
                                      const JobRequest& request);

}  // namespace cox::core
