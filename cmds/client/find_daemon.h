// Where the daemons' programs are.
#pragma once

#include <string>

#include "common/result.h"

namespace cox::cmds {

/// Beside our own program, in ../sbin of it, or in $PATH. error: not_found says where it looked
Result<std::string> find_daemon(const std::string& name);

}  // namespace cox::cmds
