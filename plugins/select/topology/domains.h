// Cores of one node grouped by what they share: NUMA nodes, and L3 caches inside them.
#pragma once

#include <cstdint>
#include <vector>

#include "common/bitset.h"
#include "model/topology.h"

namespace cox::plugins {

/// The free cores that share one NUMA node or one L3, in order of the domain's number.
struct Domain {
  Bitset cores;
  std::size_t free = 0;
};

std::vector<Domain> numa_domains(const NodeClass& node_class, const Bitset& free);
std::vector<Domain> l3_domains(const NodeClass& node_class, const Bitset& free);

/// `count` of the cores in `domains`, which hold enough: the one domain they fill best, else whole
/// tasks of `per_task` cores from the fullest domains first, and loose cores only at the end.
Bitset pack(const std::vector<Domain>& domains, std::size_t count, std::size_t per_task);

/// How few of the domains can hold `count` cores.
std::size_t domains_needed(const std::vector<Domain>& domains, std::size_t count);

/// The domain with least room that still holds `count` cores, or nothing.
const Domain* best_fit(const std::vector<Domain>& domains, std::size_t count);

}  // namespace cox::plugins
