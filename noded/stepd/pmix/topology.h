// The machine's topology, found once per step and node instead of once per rank: a discovery costs
// 15 ms of a core, and all ranks of a node would do it at the same time.
#pragma once

#include <string>

namespace cox::stepd {

class Topology {
 public:
  /// Asks the system. Where that fails, get() is null and xml() empty: each rank asks for itself.
  /// `with_devices`: those on PCI buses too, by which MPI places the endpoints of a fabric. To find
  /// them reads the registers of each, which in a virtual machine costs more than all the rest.
  explicit Topology(bool with_devices);
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;
  ~Topology();

  void* get() const { return topology_; }  // a hwloc_topology_t

  std::string xml() const;
  /// "hwloc:2.9.0": what PMIx compares with its own before it takes the topology.
  static std::string source();

 private:
  void* topology_ = nullptr;
};

}  // namespace cox::stepd
