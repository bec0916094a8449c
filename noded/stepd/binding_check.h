// Whether tasks are bound as planned: what the kernel says of each, once all programs run.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace cox::stepd {

/// Lists as the kernel writes them, "0-3,8"; empty: not bound.
struct WantedBinding {
  std::string cpus;
  std::string memory;
};

/// What differs, "runs on cpus 0-7, not 0-3"; empty: nothing. `status` and `numa_maps` are the
/// contents of those files of the process; what an ended one no longer says is not missed. Pure.
std::string binding_difference(const WantedBinding& wanted,
                               std::string_view status,
                               std::string_view numa_maps);

/// The same of a process that runs.
std::string check_binding(pid_t pid, const WantedBinding& wanted);

}  // namespace cox::stepd
