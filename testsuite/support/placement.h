// A fleet with part of it used, for tests of select plug-ins, and the rules a placement must keep.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "core/fleet/ledger.h"
#include "core/policy/select.h"
#include "core/state.h"
#include "testsuite/support/builders.h"

namespace cox::testing {

class Yard {
 public:
  explicit Yard(const FleetBuilder& kind) {
    classes.push_back(kind.node_class());
    for (const NodeInventory& inventory : kind.build()) add(inventory, ClassId{0});
  }

  core::FreeNodes view(bool threads = false, bool whole = false) const {
    return core::FreeNodes{candidates, nodes, free, classes, threads, whole};
  }

  /// Takes cores and memory as some other job would.
  void use(std::uint32_t node, const std::vector<std::size_t>& cores, std::int64_t memory_mib = 0) {
    for (const std::size_t core : cores) free[node].cores.reset(core);
    free[node].memory_mib.front() -= memory_mib;
    free[node].jobs = 1;
  }

  static std::int64_t sum(const std::vector<std::int64_t>& amounts) {
    return std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
  }

  /// What is wrong with `allocation`: something not free, twice, or out of order; empty when
  /// nothing.
  std::string fault(const Allocation& allocation) const {
    for (std::size_t i = 0; i < allocation.nodes.size(); ++i) {
      const NodeShare& share = allocation.nodes[i];
      const core::NodeFree& here = free[share.node.value];
      if (i > 0 && !(allocation.nodes[i - 1].node < share.node)) return "nodes are out of order";
      if (!candidates.test(share.node.value)) return "node is no candidate";
      if (!here.cores.contains(share.cores)) return "core is not free";
      if (share.cores.none()) return "no core";
      if (!here.devices.contains(share.devices)) return "device is not free";
      for (std::size_t m = 0; m < here.memory_mib.size(); ++m) {
        if (share.memory_mib[m] < 0 || share.memory_mib[m] > here.memory_mib[m]) {
          return "memory is not free";
        }
      }
    }
    return {};
  }

  std::vector<NodeClass> classes;
  std::vector<core::Node> nodes;
  std::vector<core::NodeFree> free;
  Bitset candidates;

 private:
  void add(const NodeInventory& inventory, ClassId node_class) {
    core::Node node;
    node.id = NodeId{static_cast<std::uint32_t>(nodes.size())};
    node.name = inventory.name;
    node.node_class = node_class;
    node.memory_mib = inventory.memory_mib;
    node.pools = inventory.pools;
    free.push_back(core::whole_node(node, classes[node_class.value]));
    nodes.push_back(node);
    candidates = Bitset(nodes.size(), true);
  }
};

}  // namespace cox::testing
