// Order of wishes: one NUMA node; devices beside it; one L3; the tightest fit; the lowest number.
#include "plugins/select/topology/topology.h"

#include <algorithm>

#include "core/policy/choose.h"
#include "plugins/select/topology/domains.h"

namespace cox::plugins {
namespace {

const NodeClass& class_of(const core::Need& need, NodeId node) {
  return need.view().classes[need.view().nodes[node.value].node_class.value];
}

/// Free devices of the request that lie on the NUMA node of `domain`.
std::size_t devices_beside(const core::Need& need, NodeId node, const Domain& domain) {
  const NodeClass& node_class = class_of(need, node);
  const std::uint16_t numa = node_class.cores[domain.cores.next(0)].numa;
  std::size_t beside = 0;
  for (const DeviceRequest& request : need.component().devices) {
    std::size_t found = 0;
    need.view().free[node.value].devices.for_each([&](std::size_t i) {
      const DeviceInfo& device = node_class.devices[i];
      const bool fits =
          device.name == request.name && (request.type.empty() || device.type == request.type);
      found += fits && (device.numa == numa || device.near.intersects(domain.cores)) ? 1 : 0;
    });
    beside += std::min<std::size_t>(found, request.count);
  }
  return beside;
}

/// The NUMA node that holds all `count` cores with most of the devices, then with least room left.
const Domain* best_numa(const core::Need& need,
                        NodeId node,
                        const std::vector<Domain>& domains,
                        std::size_t count) {
  if (need.component().devices.empty()) return best_fit(domains, count);
  const Domain* best = nullptr;
  std::size_t best_devices = 0;
  for (const Domain& domain : domains) {
    if (domain.free < count) continue;
    const std::size_t devices = devices_beside(need, node, domain);
    const bool is_better = best == nullptr || devices > best_devices ||
                           (devices == best_devices && domain.free < best->free);
    if (!is_better) continue;
    best = &domain;
    best_devices = devices;
  }
  return best;
}

class Packing final : public core::Taste {
 public:
  /// NUMA nodes beyond the first weigh most, then the room left beside the cores, then on the node.
  std::uint64_t score(const core::Need& need, NodeId node, std::uint32_t tasks) const override {
    if (need.whole_nodes()) return 0;
    const Bitset& free = need.view().free[node.value].cores;
    const std::uint32_t class_id = need.view().nodes[node.value].node_class.value;
    // Nodes in the same condition come in rows; the last answer is often the next.
    if (known_tasks_ == tasks && class_id == known_class_ && free == known_free_)
      return known_score_;
    const std::size_t count = need.cores_for(node, tasks);
    const auto domains = numa_domains(class_of(need, node), free);
    const Domain* one = best_fit(domains, count);
    const std::uint64_t spread = one != nullptr ? 0 : domains_needed(domains, count) - 1;
    const std::uint64_t beside = one != nullptr ? one->free - count : 0;
    known_score_ = (spread << 40U) | (beside << 20U) | (free.count() - count);
    known_class_ = class_id;
    known_free_ = free;
    known_tasks_ = tasks;
    return known_score_;
  }

  Bitset pick(const core::Need& need,
              NodeId node,
              std::uint32_t,
              std::uint64_t cores) const override {
    const NodeClass& node_class = class_of(need, node);
    const Bitset& free = need.view().free[node.value].cores;
    const auto domains = numa_domains(node_class, free);
    const auto per_task = static_cast<std::size_t>(need.cores_per_task(node));
    const Domain* one = best_numa(need, node, domains, cores);
    if (one == nullptr) return pack(domains, cores, per_task);
    return pack(l3_domains(node_class, one->cores), cores, per_task);
  }

 private:
  // One Packing serves one selection: a memory of the last score, no state of the policy.
  mutable std::uint32_t known_tasks_ = 0;
  mutable std::uint32_t known_class_ = 0;
  mutable Bitset known_free_;
  mutable std::uint64_t known_score_ = 0;
};

}  // namespace

core::Selection TopologySelect::select(const JobRequest& request,
                                       const core::FreeNodes& free) const {
  return core::choose(request, free, Packing{});
}

}  // namespace cox::plugins
