// See machine.h.
#include "sim/machine.h"

#include "common/text.h"

namespace cox::sim {
namespace {

constexpr std::uint64_t nodes_max = 1'000'000;
constexpr std::uint64_t cores_max = 4096;
constexpr std::int64_t memory_per_core_mib = 4096;

NodeClass node_class(std::uint32_t cores) {
  NodeClass kind;
  kind.cores.resize(cores);
  kind.hash.bytes[0] = static_cast<std::uint8_t>(cores);
  kind.hash.bytes[1] = static_cast<std::uint8_t>(cores >> 8U);
  return kind;
}

}  // namespace

Result<MachineShape> parse_shape(const std::string& text) {
  const auto parts = split(text, 'x');
  const auto nodes = parse_u64(parts[0]);
  const auto cores = parts.size() < 2 ? std::optional<std::uint64_t>(1) : parse_u64(parts[1]);
  if (parts.size() > 2 || !nodes || !cores || *nodes == 0 || *cores == 0) {
    return fail(Code::bad_usage, "--nodes " + quoted(text) + ": not NODESxCORES, such as 100x16");
  }
  if (*nodes > nodes_max || *cores > cores_max) {
    return fail(Code::bad_usage, "--nodes " + quoted(text) + ": more than " +
                                     std::to_string(nodes_max) + " nodes or " +
                                     std::to_string(cores_max) + " cores of a node");
  }
  return MachineShape{static_cast<std::uint32_t>(*nodes), static_cast<std::uint32_t>(*cores)};
}

std::vector<NodeInventory> make_nodes(const MachineShape& shape) {
  const std::size_t width = std::to_string(shape.nodes).size();
  const NodeClass kind = node_class(shape.cores);
  std::vector<NodeInventory> all;
  all.reserve(shape.nodes);
  for (std::uint32_t i = 1; i <= shape.nodes; ++i) {
    const std::string number = std::to_string(i);
    NodeInventory& node = all.emplace_back();
    node.name = "n" + std::string(width - number.size(), '0') + number;
    node.boot_id = "simulated";
    node.node_class = kind;
    node.memory_mib = {memory_per_core_mib * shape.cores};
    node.containment = "none";
    node.version = "0";
  }
  return all;
}

}  // namespace cox::sim
