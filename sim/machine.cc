// See machine.h.
#include "sim/machine.h"

#include "common/text.h"
#include "platform/inventory.h"
#include "wire/model_codec.h"

namespace cox::sim {
namespace {

constexpr std::uint64_t nodes_max = 1'000'000;
constexpr std::uint64_t cores_max = 4096;
constexpr std::int64_t memory_per_core_mib = 4096;

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

Result<MachineShape> shape_for(std::int64_t processors, std::uint32_t cores) {
  const auto nodes = (static_cast<std::uint64_t>(processors) + cores - 1) / cores;
  if (nodes <= nodes_max) return MachineShape{static_cast<std::uint32_t>(nodes), cores};
  return fail(Code::bad_usage, std::to_string(processors) + " processors are more than " +
                                   std::to_string(nodes_max) + " nodes of " +
                                   std::to_string(cores) + " cores have; give --nodes");
}

Result<NodeInventory> read_topology(const std::string& topology) {
  if (topology.empty()) {
    return fail(Code::bad_usage,
                "--topology: a file or a description such as \"package:2 core:8 pu:1\"");
  }
  const auto machine = platform::Machine::load(topology);
  if (!machine) return Failure(machine.error().with_context("--topology"));
  NodeInventory kind = (*machine)->inventory();
  kind.node_class.hash = wire::hash_class(kind.node_class);
  return kind;
}

std::vector<NodeInventory> make_nodes(std::uint32_t count, const NodeInventory& kind) {
  const std::size_t width = std::to_string(count).size();
  std::vector<NodeInventory> all(count, kind);
  for (std::uint32_t i = 1; i <= count; ++i) {
    const std::string number = std::to_string(i);
    NodeInventory& node = all[i - 1];
    node.name = "n" + std::string(width - number.size(), '0') + number;
    node.boot_id = "simulated";
    node.containment = "none";
    node.version = "0";
  }
  return all;
}

std::vector<NodeInventory> make_nodes(const MachineShape& shape) {
  NodeInventory kind;
  kind.node_class.cores.resize(shape.cores);
  kind.node_class.hash = wire::hash_class(kind.node_class);
  kind.memory_mib = {memory_per_core_mib * shape.cores};
  return make_nodes(shape.nodes, kind);
}

}  // namespace cox::sim
