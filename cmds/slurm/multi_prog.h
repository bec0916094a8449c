// srun --multi-prog: one file says which program each rank runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::cmds::slurm {

/// A command that every task runs, and that becomes the program of its rank. In arguments %t is
/// the rank and %o its place in the line's list. `arguments`: behind the file's name, for all.
/// error: bad_usage names the line, or the rank that is in none or in two
Result<std::vector<std::string>> multi_prog_command(std::string_view file,
                                                    const std::vector<std::string>& arguments,
                                                    std::uint32_t tasks);

}  // namespace cox::cmds::slurm
