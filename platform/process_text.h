// A process in words: which program, in which state, and where in the kernel it waits.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cox::platform {

/// "pid 4711 (dd) in state D at fuse_wait_answer". Parts that cannot be read are left out; a
/// process that is gone gives "".
std::string process_text(int pid);

/// The same for several, joined; beyond `named_max` they are counted.
std::string processes_text(const std::vector<int>& pids, std::size_t named_max);

}  // namespace cox::platform
