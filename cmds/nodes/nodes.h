// The columns of the short list of nodes, for those who complete what is typed.
#pragma once

#include <string>
#include <vector>

namespace cox::cmds {

/// Columns of `cox nodes` without --long.
std::vector<std::string> group_column_names();

}  // namespace cox::cmds
