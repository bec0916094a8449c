// What the limits of partitions leave of a request: where it may queue, for how long, on how many
// nodes at most.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/job_request.h"
#include "model/settings.h"

namespace cox::core {

struct Admission {
  std::vector<std::string> partitions;  // those that take it, in the order given; never empty
  Duration time_limit;
  std::uint32_t nodes_max = 0;        // the most that one of them takes
  std::vector<std::string> refusals;  // what the others say
};

/// error: not_found, with the name that is nearest, or where the names are listed
Result<void> check_partition(const Settings& settings, const std::string& name);

/// `given` without a name are the default partitions. A time limit of 0 is one that was not given:
/// it becomes the shortest default of the partitions that take so many nodes, so that the job may
/// start in each.
/// error: refused with what every partition says when none takes it; not_found for an unknown one
Result<Admission> admit(const std::vector<std::string>& given,
                        const Component& component,
                        Duration time_limit,
                        const Settings& settings);

}  // namespace cox::core
