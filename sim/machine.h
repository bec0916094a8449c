// The machine that a log is replayed on: "100x16" is 100 nodes of 16 cores, or so many nodes of a
// topology as hwloc describes it.
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

/// Nodes n1, n2, ... (numbers of one width), all like `kind`.
std::vector<NodeInventory> make_nodes(std::uint32_t count, const NodeInventory& kind);
/// The same, each with one NUMA node and 4 GiB for each core.
std::vector<NodeInventory> make_nodes(const MachineShape& shape);

/// A node as an XML file or a synthetic description has it; its name is the caller's.
/// error: bad_usage, not_found or not_permitted names the text
Result<NodeInventory> read_topology(const std::string& topology);

/// So many nodes of `cores` each as that many processors need. error: bad_usage, too many
Result<MachineShape> shape_for(std::int64_t processors, std::uint32_t cores);

}  // namespace cox::sim
