// From the words behind `cox` to a command's exit status.
#pragma once

#include <string>
#include <vector>

namespace cox::cmds {

/// Runs the command that `words` name; prints its error, if any. Returns the exit status.
int dispatch(std::vector<std::string> words);

}  // namespace cox::cmds
