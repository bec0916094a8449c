// Runs of ranks on one node, then runs of such nodes.
#include "noded/stepd/pmi/pmi_mapping.h"

#include "noded/stepd/pmi/pmi_space.h"

namespace cox::stepd {
namespace {

/// `nodes` nodes from `first` on, with `tasks` ranks each.
struct MappingBlock {
  std::uint32_t first = 0, nodes = 0, tasks = 0;
};

std::vector<MappingBlock> blocks_of(const std::vector<std::uint32_t>& node_of) {
  std::vector<MappingBlock> blocks;
  for (std::size_t rank = 0; rank < node_of.size();) {
    const std::uint32_t node = node_of[rank];
    std::uint32_t tasks = 0;
    while (rank < node_of.size() && node_of[rank] == node) {
      ++tasks;
      ++rank;
    }
    MappingBlock* last = blocks.empty() ? nullptr : &blocks.back();
    if (last != nullptr && last->tasks == tasks && last->first + last->nodes == node) {
      ++last->nodes;
    } else {
      blocks.push_back({node, 1, tasks});
    }
  }
  return blocks;
}

}  // namespace

std::string process_mapping(const std::vector<std::uint32_t>& node_of) {
  std::string text = "(vector";
  for (const MappingBlock& block : blocks_of(node_of)) {
    text += ",(" + std::to_string(block.first) + "," + std::to_string(block.nodes) + "," +
            std::to_string(block.tasks) + ")";
    if (text.size() + 1 >= pmi_value_max) {
      return {};
    }
  }
  return text + ")";
}

}  // namespace cox::stepd
