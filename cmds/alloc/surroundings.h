// What a command in an allocation finds around it.
#pragma once

#include <string>
#include <vector>

#include "wire/client.pb.h"

namespace cox::cmds {

/// `environment` without what an outer job left in it, and with what `job` is. `cluster`:
/// --cluster, or empty where it was not given.
std::vector<std::string> allocation_environment(const std::vector<std::string>& environment,
                                                const wire::JobView& job,
                                                const std::string& cluster);

}  // namespace cox::cmds
