// See topology.h.
#include "noded/stepd/pmix/topology.h"

#include <hwloc.h>

namespace cox::stepd {

Topology::Topology(bool with_devices) {
  hwloc_topology_t topology = nullptr;
  if (hwloc_topology_init(&topology) != 0) return;
  const auto devices =
      with_devices ? HWLOC_TYPE_FILTER_KEEP_IMPORTANT : HWLOC_TYPE_FILTER_KEEP_NONE;
  hwloc_topology_set_io_types_filter(topology, devices);
  if (hwloc_topology_load(topology) != 0) {
    hwloc_topology_destroy(topology);
    return;
  }
  topology_ = topology;
}

Topology::~Topology() {
  if (topology_ != nullptr) hwloc_topology_destroy(static_cast<hwloc_topology_t>(topology_));
}

std::string Topology::xml() const {
  if (topology_ == nullptr) return "";
  char* buffer = nullptr;
  int size = 0;
  auto* topology = static_cast<hwloc_topology_t>(topology_);
  if (hwloc_topology_export_xmlbuffer(topology, &buffer, &size, 0) != 0) return "";
  std::string text(buffer);
  hwloc_free_xmlbuffer(topology, buffer);
  return text;
}

std::string Topology::source() {
  const unsigned version = hwloc_get_api_version();
  return "hwloc:" + std::to_string(version >> 16) + '.' + std::to_string((version >> 8) & 255U) +
         '.' + std::to_string(version & 255U);
}

}  // namespace cox::stepd
