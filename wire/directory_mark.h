// What tells clusters of one machine apart that have the same names and job ids: their directories.
#pragma once

#include <string>

namespace cox::wire {

/// Eight hexadecimal digits for a run directory, by its real path. Node daemons name their
/// containers by it, and `cox down` looks for what they left there.
std::string directory_mark(const std::string& directory);

/// Where containers of private clusters stand: "coxswain-MARK", each node's own below.
std::string private_container(const std::string& directory);

}  // namespace cox::wire
