// GPUs and network interfaces of a loaded hwloc topology.
#pragma once

#include <hwloc.h>

#include <string>
#include <string_view>
#include <vector>

#include "common/bitset.h"
#include "platform/inventory.h"

namespace cox::platform {

struct FoundDevice {
  std::string name;  // "gpu", "nic"
  std::string type;
  unsigned vendor = 0;                  // of the PCI function
  hwloc_const_cpuset_t near = nullptr;  // never empty; owned by the topology
};

/// GPUs, then network interfaces, each in the order of their bus addresses.
std::vector<FoundDevice> find_devices(hwloc_topology_t topology);

/// What Machine::gpu_numbers says, where the first devices are GPUs of these PCI vendors.
std::string numbers_of_vendor(const std::vector<unsigned>& gpu_vendors,
                              const Bitset& devices,
                              GpuVendor vendor);

/// The short name people ask for: "GV100GL [Tesla V100 SXM2 16GB]" is "v100". Without a word of
/// that form the text itself, lower case and joined by '_'.
std::string short_model(std::string_view text);

}  // namespace cox::platform
