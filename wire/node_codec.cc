// Nodes, their classes and what jobs hold of them as bytes.
#include "common/node_list.h"
#include "wire/check.h"
#include "wire/model_codec.h"

namespace cox::wire {
namespace {

constexpr int pools_max = 256;
constexpr std::uint32_t pus_max = 1024;
constexpr std::uint32_t index_max = 65'535;

using Amounts = google::protobuf::RepeatedField<std::int64_t>;

std::vector<std::int64_t> take_amounts(
    const Amounts& from, int limit, std::int64_t amount_limit, const char* what, Check& check) {
  std::vector<std::int64_t> to;
  if (!check.count(from.size(), limit, what)) return to;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (const auto amount : from) {
    to.push_back(check.range<std::int64_t>(amount, 0, amount_limit, what));
  }
  return to;
}

std::uint16_t take_index(std::uint32_t value, std::uint32_t limit, const char* what, Check& check) {
  return static_cast<std::uint16_t>(check.range<std::uint32_t>(value, 0, limit, what));
}

cox::DeviceInfo take(const DeviceInfo& from, const cox::NodeClass& node_class, Check& check) {
  cox::DeviceInfo to;
  to.name = check.text(from.name(), "device name");
  to.type = check.text(from.type(), "device type");
  to.numa = take_index(from.numa(), node_class.numa_nodes - 1U, "numa node of a device", check);
  to.near =
      check.take(Bitset::from_ranges(from.near(), node_class.cores.size()), "cores near a device");
  return to;
}

cox::NodeClass take(const NodeClass& from, Check& check) {
  cox::NodeClass to;
  constexpr auto numa_limit = static_cast<std::uint32_t>(numa_nodes_max);
  to.hash = check.take(take_hash(from.hash()), "node class");
  to.numa_nodes = static_cast<std::uint16_t>(
      check.range<std::uint32_t>(from.numa_nodes(), 1, numa_limit, "numa nodes"));
  to.packages = static_cast<std::uint16_t>(
      check.range<std::uint32_t>(from.packages(), 1, index_max, "packages"));
  if (!check.count(from.cores_size(), cores_per_node_max, "cores")) return to;
  to.cores.reserve(static_cast<std::size_t>(from.cores_size()));
  for (const auto& core : from.cores()) {
    to.cores.push_back({take_index(core.package(), to.packages - 1U, "package of a core", check),
                        take_index(core.numa(), to.numa_nodes - 1U, "numa node of a core", check),
                        take_index(core.l3(), index_max, "l3 of a core", check),
                        static_cast<std::uint16_t>(
                            check.range<std::uint32_t>(core.pus(), 1, pus_max, "pus of a core"))});
  }
  if (!check.count(from.devices_size(), devices_max, "devices")) return to;
  for (const auto& device : from.devices()) to.devices.push_back(take(device, to, check));
  return to;
}

cox::NodeShare take(const NodeShare& from, Check& check) {
  cox::NodeShare to;
  to.node = NodeId(from.node());
  const auto cores =
      check.range<std::uint32_t>(from.core_count(), 0, cores_per_node_max, "cores of a share");
  const auto devices =
      check.range<std::uint32_t>(from.device_count(), 0, devices_max, "devices of a share");
  if (!check.good()) return to;
  to.cores = check.take(Bitset::from_ranges(from.cores(), cores), "cores of a share");
  to.devices = check.take(Bitset::from_ranges(from.devices(), devices), "devices of a share");
  to.memory_mib =
      take_amounts(from.memory_mib(), numa_nodes_max, memory_mib_max, "memory of a share", check);
  to.pools = take_amounts(from.pools(), pools_max, amount_max, "pools of a share", check);
  to.tasks = check.range(from.tasks(), 0U, tasks_max, "tasks of a share");
  return to;
}

}  // namespace

void put(const cox::NodeClass& from, NodeClass* to) {
  put(from.hash, to->mutable_hash());
  to->clear_cores();
  for (const auto& core : from.cores) {
    auto* message = to->add_cores();
    message->set_package(core.package);
    message->set_numa(core.numa);
    message->set_l3(core.l3);
    message->set_pus(core.pus);
  }
  to->set_numa_nodes(from.numa_nodes);
  to->set_packages(from.packages);
  to->clear_devices();
  for (const auto& device : from.devices) {
    auto* message = to->add_devices();
    message->set_name(device.name);
    message->set_type(device.type);
    message->set_numa(device.numa);
    message->set_near(device.near.to_ranges());
  }
}

Result<cox::NodeClass> take(const NodeClass& from) {
  Check check;
  cox::NodeClass to = take(from, check);
  return check.done(std::move(to));
}

void put(const cox::NodeInventory& from, NodeInventory* to) {
  to->set_name(from.name);
  to->set_boot_id(from.boot_id);
  to->set_address(from.address);
  put(from.node_class, to->mutable_node_class());
  to->mutable_memory_mib()->Assign(from.memory_mib.begin(), from.memory_mib.end());
  to->clear_pools();
  for (const auto& pool : from.pools) {
    auto* message = to->add_pools();
    message->set_name(pool.name);
    message->set_type(pool.type);
    message->set_total(pool.total);
  }
  to->set_is_thissystem(from.is_thissystem);
  to->set_containment(clipped(from.containment));
  to->set_version(from.version);
  to->set_shares_machine(from.shares_machine);
}

Result<cox::NodeInventory> take(const NodeInventory& from) {
  Check check;
  cox::NodeInventory to;
  if (!is_node_name(from.name())) check.refuse("'" + quoted(from.name()) + "' is no node name");
  to.name = check.text(from.name(), "node name");
  to.boot_id = check.text(from.boot_id(), "boot id");
  to.address = check.text(from.address(), "node address");
  to.node_class = take(from.node_class(), check);
  to.memory_mib =
      take_amounts(from.memory_mib(), numa_nodes_max, memory_mib_max, "memory of a node", check);
  if (check.good() && to.memory_mib.size() != to.node_class.numa_nodes) {
    check.refuse("memory of " + std::to_string(to.memory_mib.size()) + " numa nodes, not of " +
                 std::to_string(to.node_class.numa_nodes));
  }
  if (check.count(from.pools_size(), pools_max, "pools")) {
    for (const auto& pool : from.pools()) {
      to.pools.push_back({check.text(pool.name(), "pool name"),
                          check.text(pool.type(), "pool type"),
                          check.range<std::int64_t>(pool.total(), 0, amount_max, "pool total")});
    }
  }
  to.is_thissystem = from.is_thissystem();
  to.containment = check.text(from.containment(), "containment");
  to.version = check.text(from.version(), "version");
  to.shares_machine = from.shares_machine();
  return check.done(std::move(to)).map_error([&from](const cox::Error& error) {
    return error.with_context("inventory of " + quoted(from.name()));
  });
}

void put(const cox::NodeShare& from, NodeShare* to) {
  to->set_node(from.node.value);
  to->set_cores(from.cores.to_ranges());
  to->mutable_memory_mib()->Assign(from.memory_mib.begin(), from.memory_mib.end());
  to->set_devices(from.devices.to_ranges());
  to->mutable_pools()->Assign(from.pools.begin(), from.pools.end());
  to->set_tasks(from.tasks);
  to->set_core_count(static_cast<std::uint32_t>(from.cores.size()));
  to->set_device_count(static_cast<std::uint32_t>(from.devices.size()));
}

Result<cox::NodeShare> take(const NodeShare& from) {
  Check check;
  cox::NodeShare to = take(from, check);
  return check.done(std::move(to));
}

void put(const cox::Allocation& from, Allocation* to) {
  to->clear_nodes();
  to->mutable_nodes()->Reserve(static_cast<int>(from.nodes.size()));
  for (const auto& share : from.nodes) put(share, to->add_nodes());
  to->set_row(from.row);
}

Result<cox::Allocation> take(const Allocation& from) {
  Check check;
  cox::Allocation to;
  if (check.count(from.nodes_size(), static_cast<int>(node_list_names_max), "shares")) {
    to.nodes.reserve(static_cast<std::size_t>(from.nodes_size()));
    for (const auto& share : from.nodes()) {
      if (!to.nodes.empty() && share.node() <= to.nodes.back().node.value) {
        check.refuse("share of node " + std::to_string(share.node()) + " is out of order");
      }
      to.nodes.push_back(take(share, check));
      if (!check.good()) break;
    }
  }
  to.row = check.range<std::uint32_t>(from.row(), 0, slice_rows_max, "row");
  return check.done(std::move(to)).map_error([](const cox::Error& error) {
    return error.with_context("allocation");
  });
}

}  // namespace cox::wire
