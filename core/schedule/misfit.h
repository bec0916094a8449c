// What a request asks of a fleet that no state of the fleet can give, test by test.
#pragma once

#include <string>
#include <vector>

#include "core/core.h"
#include "core/policy/fit.h"
#include "core/schedule/trial.h"

namespace cox::core {

struct FleetCheck {
  VerdictCheck verdict;
  /// Not passed: the option, what it asks for and the most there is, as the error of a submit.
  std::string refusal;
};

/// The tests of placement on the whole nodes of `partition`, whatever is used, away or set aside.
std::vector<FleetCheck> check_fleet(const State& state,
                                    const PartitionSettings& partition,
                                    const JobRequest& request);

}  // namespace cox::core
