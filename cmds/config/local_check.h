// A configuration file checked without a controller.
#pragma once

#include <string>

#include "cmds/client/parse.h"
#include "common/result.h"

namespace cox::cmds {

/// Executes coxctld --check FILE; its exit status.
Result<int> check_here(const Parsed& given, const std::string& file);

}  // namespace cox::cmds
