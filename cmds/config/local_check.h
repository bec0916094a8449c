// A configuration file checked without a controller.
#pragma once

#include <string>

#include "cmds/client/parse.h"
#include "common/result.h"

namespace cox::cmds {

/// Tells what coxctld --check says of the file, one line for each mistake; its exit status.
Result<int> complain_here(const std::string& file);

/// The same, and the document where --json asks for it.
Result<int> check_here(const Parsed& given, const std::string& file);

}  // namespace cox::cmds
