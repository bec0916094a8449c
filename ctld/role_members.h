// The numbers of the users to whom a configuration gives roles.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace cox::ctld {

/// Looks the names up in the system's databases, which may take long. Returns a line for each that
/// is unknown there; such a name has no role.
std::vector<std::string> resolve_members(config::Config* config, const std::string& file);

}  // namespace cox::ctld
