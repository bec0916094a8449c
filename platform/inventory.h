// The machine as hwloc sees it: the inventory a node reports, and the way back from logical cores
// to the OS indices that binding needs.
#pragma once

#include <memory>
#include <string>

#include "common/bitset.h"
#include "common/result.h"
#include "model/topology.h"

namespace cox::platform {

class Machine {
 public:
  /// `topology`: empty for this system, a path to an XML file, or a synthetic description.
  /// error: bad_usage names the text hwloc does not take
  static Result<std::unique_ptr<Machine>> load(const std::string& topology);
  virtual ~Machine() = default;

  /// Class, memory, devices. name, boot id, address and containment are the caller's.
  virtual NodeInventory inventory() const = 0;
  /// OS indices of the PUs of logical cores, "0-3,8"; of their NUMA nodes.
  virtual std::string os_cpus(const Bitset& cores) const = 0;
  virtual std::string os_memory_nodes(const Bitset& numa) const = 0;
  virtual bool is_thissystem() const = 0;
};

/// /proc/sys/kernel/random/boot_id
std::string boot_id();

}  // namespace cox::platform
