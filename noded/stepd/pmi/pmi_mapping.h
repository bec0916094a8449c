// Which ranks share a node, in the form that MPICH reads under the key PMI_process_mapping. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cox::stepd {

/// `node_of`: of each rank, the index of its node. "(vector,(0,2,4))": nodes from 0 on, two of
/// them, four ranks each. Empty where it would be longer than a value may be; then MPI finds out by
/// itself.
std::string process_mapping(const std::vector<std::uint32_t>& node_of);

}  // namespace cox::stepd
