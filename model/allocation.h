// What a job holds: exact cores, memory and devices per node. free + used = total, always.
#pragma once

#include <cstdint>
#include <vector>

#include "common/bitset.h"
#include "model/ids.h"

namespace cox {

/// A job's part of one node.
struct NodeShare {
  NodeId node;
  Bitset cores;                          // logical cores, as in NodeClass::cores
  std::vector<std::int64_t> memory_mib;  // per NUMA node of the node
  Bitset devices;                        // indices into NodeClass::devices
  std::vector<std::int64_t> pools;       // counts, as in NodeInventory::pools
  std::uint32_t tasks = 0;               // tasks of the job's shape on this node
  friend bool operator==(const NodeShare&, const NodeShare&) = default;
};

/// Ascending by NodeId: that is the node order of the job everywhere.
struct Allocation {
  std::vector<NodeShare> nodes;
  std::uint32_t row = 0;  // in which it takes turns with others, from 1; 0: in none
  friend bool operator==(const Allocation&, const Allocation&) = default;
};

}  // namespace cox
