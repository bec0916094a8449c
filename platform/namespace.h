// Emulated nodes: several node daemons on one machine, each with a hostname, a /dev/shm and, where
// root and iproute2 allow it, a network of its own. What cannot be had is said.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace cox::platform {

struct EmulatedNode {
  std::string cluster_dir;         // existing; names of the network are derived from its real path
  unsigned index = 0;              // from 0, distinct within the cluster
  std::string name;                // becomes the hostname
  std::vector<std::string> nodes;  // names by index, for /etc/hosts; may be empty
  std::int64_t shm_bytes = 0;      // size of /dev/shm; 0: the kernel's default
  bool network = true;             // ask for an own network
};

struct Emulation {
  /// "own hostname and /dev/shm; network shared: not root"
  std::string description;
  bool has_hostname = false, has_shm = false, has_network = false;
  std::string address;  // of the node in its own network; empty otherwise
  /// Why the node must not run: the cluster's other nodes are in networks that it cannot enter.
  std::string cut_off;
};

/// Moves the calling process, and whatever it starts from now on, into the node. To be called once
/// and before any thread exists.
/// An ordinary user gets a user namespace in which their uid and gid stand for themselves, so that
/// tasks see who they are; further groups keep their rights and show as 65534 inside. Programs
/// started there have no capability. Unix sockets by path work across it, abstract ones do not
/// once the network is its own. A daemon started again enters the same network.
Emulation enter_emulated_node(const EmulatedNode& node);

/// Removes what the networks of a cluster left in /run/netns. Safe to repeat; not root: nothing.
Result<void> cleanup_emulated_network(const std::string& cluster_dir);

/// Address of node `index` in every emulated network, 10.217.0.1 for the first.
std::string emulated_address(unsigned index);

}  // namespace cox::platform
