// What a node is made of. A node class is everything that placement may depend on, without
// names, serials or addresses; 100,000 nodes hold a few classes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/bitset.h"
#include "model/ids.h"

namespace cox {

/// One core with all its PUs: the unit of allocation. Indices are logical (hwloc order).
struct CoreInfo {
  std::uint16_t package = 0;
  std::uint16_t numa = 0;  // the NUMA node with ordinary memory that is nearest
  std::uint16_t l3 = 0;
  std::uint16_t pus = 1;
  friend bool operator==(const CoreInfo&, const CoreInfo&) = default;
};

/// A device that is given out by index. `near` are the cores beside it.
struct DeviceInfo {
  std::string name;  // "gpu", "nic"
  std::string type;  // model, lower case, may be empty
  std::uint16_t numa = 0;
  Bitset near;
  friend bool operator==(const DeviceInfo&, const DeviceInfo&) = default;
};

/// "gpu:a100", or the name alone where no type is told.
inline std::string device_kind(const std::string& name, const std::string& type) {
  return type.empty() ? name : name + ":" + type;
}

struct NodeClass {
  Hash hash;  // of everything below
  std::vector<CoreInfo> cores;
  std::uint16_t numa_nodes = 1;
  std::uint16_t packages = 1;
  std::vector<DeviceInfo> devices;
  friend bool operator==(const NodeClass&, const NodeClass&) = default;
};

/// A counted resource of a node that has no index and no place: "scratch", 500.
struct Pool {
  std::string name;
  std::string type;
  std::int64_t total = 0;
  friend bool operator==(const Pool&, const Pool&) = default;
};

/// What a node reports at registration.
struct NodeInventory {
  std::string name;
  std::string boot_id;
  std::string address;  // where steps of this node can be reached; empty: this machine's sockets
  NodeClass node_class;
  std::vector<std::int64_t> memory_mib;  // true memory, one entry per NUMA node
  std::vector<Pool> pools;
  bool is_thissystem = true;  // false: topology is not this machine's, nothing is bound
  std::string containment;    // "cgroup v2", "cgroup v1", "process groups: <why>"
  std::string version;
  bool shares_machine = false;  // other nodes have the same cores: nothing is bound
  friend bool operator==(const NodeInventory&, const NodeInventory&) = default;
};

}  // namespace cox
