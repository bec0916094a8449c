// What Open MPI must find in a task's environment, besides what PMIx adds, to start as one rank of
// the step instead of alone.
#pragma once

#include <string>
#include <vector>

namespace cox::stepd {

/// `shared_memory`: the directory for segments; empty: the library's default.
/// `only_loopback`: this node's network has nothing but the loopback interface.
std::vector<std::string> open_mpi_variables(const std::string& shared_memory, bool only_loopback);

/// No interface but loopback is up and has an address.
bool has_only_loopback();

}  // namespace cox::stepd
