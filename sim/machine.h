// The machine that a log is replayed on: "100x16" is 100 nodes of 16 cores.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/topology.h"

namespace cox::sim {

struct MachineShape {
  std::uint32_t nodes = 0;
  std::uint32_t cores = 1;  // of each

  std::uint64_t all_cores() const { return std::uint64_t{nodes} * cores; }
};

/// "100x16", "100". error: bad_usage names the text
Result<MachineShape> parse_shape(const std::string& text);

/// Nodes n1, n2, ... (numbers of one width), alike: one NUMA node, 4 GiB for each core.
std::vector<NodeInventory> make_nodes(const MachineShape& shape);

}  // namespace cox::sim
