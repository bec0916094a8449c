// See domains.h.
#include "plugins/select/topology/domains.h"

#include <algorithm>

namespace cox::plugins {
namespace {

template <class KeyOf>
std::vector<Domain> grouped(const NodeClass& node_class, const Bitset& free, KeyOf key_of) {
  std::vector<Domain> domains;
  free.for_each([&](std::size_t core) {
    const std::size_t key = key_of(node_class.cores[core]);
    if (key >= domains.size()) domains.resize(key + 1);
    if (domains[key].free == 0) domains[key].cores = Bitset(free.size());
    domains[key].cores.set(core);
    ++domains[key].free;
  });
  std::erase_if(domains, [](const Domain& domain) { return domain.free == 0; });
  return domains;
}

std::vector<Domain> fullest_first(std::vector<Domain> domains) {
  std::ranges::stable_sort(domains,
                           [](const Domain& a, const Domain& b) { return a.free > b.free; });
  return domains;
}

}  // namespace

std::vector<Domain> numa_domains(const NodeClass& node_class, const Bitset& free) {
  return grouped(node_class, free, [](const CoreInfo& core) { return std::size_t{core.numa}; });
}

std::vector<Domain> l3_domains(const NodeClass& node_class, const Bitset& free) {
  return grouped(node_class, free, [](const CoreInfo& core) { return std::size_t{core.l3}; });
}

const Domain* best_fit(const std::vector<Domain>& domains, std::size_t count) {
  const Domain* best = nullptr;
  for (const Domain& domain : domains) {
    if (domain.free >= count && (best == nullptr || domain.free < best->free)) best = &domain;
  }
  return best;
}

std::size_t domains_needed(const std::vector<Domain>& domains, std::size_t count) {
  std::size_t needed = 0;
  for (const Domain& domain : fullest_first(domains)) {
    if (count == 0) break;
    count -= std::min(count, domain.free);
    ++needed;
  }
  return needed;
}

Bitset pack(const std::vector<Domain>& domains, std::size_t count, std::size_t per_task) {
  if (const Domain* one = best_fit(domains, count); one != nullptr) return one->cores.lowest(count);
  Bitset taken;
  for (const Domain& domain : domains) taken.resize(domain.cores.size());
  std::size_t left = count;
  const auto ordered = fullest_first(domains);
  for (const std::size_t unit : {std::max<std::size_t>(1, per_task), std::size_t{1}}) {
    for (const Domain& domain : ordered) {
      const Bitset open = domain.cores - taken;
      const std::size_t part = std::min(open.count(), left) / unit * unit;
      taken |= open.lowest(part);
      left -= part;
    }
  }
  return taken;
}

}  // namespace cox::plugins
