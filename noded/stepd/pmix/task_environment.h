// What Open MPI must find in a task's environment, besides what PMIx adds, to start as one rank of
// the step instead of alone.
#pragma once

#include <string>
#include <vector>

namespace cox::stepd {

/// What of the node decides how its ranks may talk.
struct MpiSurroundings {
  std::string shared_memory;   // directory for segments; empty: the library's default
  bool only_loopback = false;  // no other network interface is up and has an address
  bool has_fabric = true;      // InfiniBand, Omni-Path, Slingshot or the like
};

std::vector<std::string> open_mpi_variables(const MpiSurroundings& surroundings);

bool has_only_loopback();
/// `classes`: where the kernel lists devices by class.
bool has_fabric(const std::string& classes = "/sys/class");

}  // namespace cox::stepd
