// What Open MPI should know of the node it runs on, as variables of a task's environment. What it
// needs everywhere to start as a rank of the step is in noded/stepd/environment.cc.
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
