// What a shell runs to complete `cox`: a few lines that ask the command itself.
#pragma once

#include <string_view>

namespace cox::cmds {

extern const std::string_view bash_script;
extern const std::string_view zsh_script;

}  // namespace cox::cmds
