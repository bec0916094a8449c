// The machine as hwloc sees it: the inventory a node reports, and the way back from logical cores
// to the OS indices that binding needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/bitset.h"
#include "common/result.h"
#include "model/topology.h"

namespace cox::platform {

struct MachineOptions {
  /// Emulated nodes share this system's memory: each reports 1/memory_divisor of it. What an XML
  /// file or a synthetic description says about memory is taken as it is.
  std::uint32_t memory_divisor = 1;
};

enum class GpuVendor : std::uint8_t { nvidia, amd };

/// What counts as what:
/// - A core is hwloc's, or a PU where the system names no cores. Without an L3 cache the cores of a
///   NUMA node count as sharing one.
/// - Of several NUMA nodes beside the same cores the one with the lowest OS index is their ordinary
///   memory (Linux puts CPUs there; MCDRAM, HBM and NVM follow). Only ordinary nodes are numbered
///   and have memory to give out; a job may still use the others beside its cores. Nodes beside no
///   core (memory of GPUs) are left out.
/// - A "gpu" is a PCI 3D or display controller, or a VGA one that a compute library knows; a "nic"
///   is a PCI network function, of type "ib" or "eth". Both in the order of their bus addresses.
class Machine {
 public:
  /// `topology`: empty for this system, a path to an XML file, or a synthetic description.
  /// error: bad_usage names the text hwloc does not take
  static Result<std::unique_ptr<Machine>> load(const std::string& topology,
                                               const MachineOptions& options = {});
  virtual ~Machine() = default;

  /// Class, memory, devices. name, boot id, address and containment are the caller's.
  virtual NodeInventory inventory() const = 0;
  /// OS indices of the PUs of logical cores, "0-3,8".
  virtual std::string os_cpus(const Bitset& cores) const = 0;
  /// OS indices of NUMA nodes, with the special ones beside the same cores.
  virtual std::string os_memory_nodes(const Bitset& numa) const = 0;
  virtual bool is_thissystem() const = 0;
  /// Which of the inventory's `devices` are GPUs of that vendor, as the vendor's library numbers
  /// its own in the order of their bus addresses: "0,2". Empty when none is.
  virtual std::string gpu_numbers(const Bitset& devices, GpuVendor vendor) const = 0;
};

/// /proc/sys/kernel/random/boot_id
std::string boot_id();

}  // namespace cox::platform
