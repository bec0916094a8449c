// Order of wishes: one NUMA node; devices beside it; for GPUs a NIC, too; one L3; the tightest fit;
// the lowest number.
#include "plugins/select/topology/topology.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "core/policy/choose.h"
#include "plugins/select/topology/domains.h"

namespace cox::plugins {
namespace {

const NodeClass& class_of(const core::Need& need, NodeId node) {
  return need.view().classes[need.view().nodes[node.value].node_class.value];
}

bool suits(const DeviceInfo& device, const DeviceRequest& request) {
  return device.name == request.name && (request.type.empty() || device.type == request.type);
}

/// Free devices of the request, up to as many as it asks for, of which `is_beside` holds.
template <class IsBeside>
std::size_t count_devices(const core::Need& need, NodeId node, IsBeside is_beside) {
  const NodeClass& node_class = class_of(need, node);
  std::size_t beside = 0;
  for (const DeviceRequest& request : need.component().devices) {
    std::size_t found = 0;
    need.view().free[node.value].devices.for_each([&](std::size_t i) {
      const DeviceInfo& device = node_class.devices[i];
      found += suits(device, request) && is_beside(device) ? 1 : 0;
    });
    beside += std::min<std::size_t>(found, request.count);
  }
  return beside;
}

/// Beside some core of the domain.
std::size_t devices_near(const core::Need& need, NodeId node, const Domain& domain) {
  return count_devices(need, node, [&domain](const DeviceInfo& device) {
    return device.near.intersects(domain.cores);
  });
}

std::uint16_t numa_of(const core::Need& need, NodeId node, const Domain& domain) {
  return class_of(need, node).cores[domain.cores.next(0)].numa;
}

/// Beside some core of the NUMA node, or on it.
std::size_t devices_beside(const core::Need& need, NodeId node, const Domain& domain) {
  const std::uint16_t numa = numa_of(need, node, domain);
  return count_devices(need, node, [&domain, numa](const DeviceInfo& device) {
    return device.numa == numa || device.near.intersects(domain.cores);
  });
}

/// What a GPU talks to other nodes through is near: only GPUs have that wish.
bool has_nic(const core::Need& need, NodeId node, const Domain& domain) {
  const std::uint16_t numa = numa_of(need, node, domain);
  const auto& wanted = need.component().devices;
  if (std::ranges::none_of(wanted, [](const DeviceRequest& one) { return one.name == "gpu"; })) {
    return false;
  }
  return std::ranges::any_of(class_of(need, node).devices, [numa](const DeviceInfo& device) {
    return device.name == "nic" && device.numa == numa;
  });
}

/// The NUMA node that holds all `count` cores with most of the devices, then with a NIC, then with
/// least room left.
const Domain* best_numa(const core::Need& need,
                        NodeId node,
                        const std::vector<Domain>& domains,
                        std::size_t count) {
  if (need.component().devices.empty()) return best_fit(domains, count);
  const Domain* best = nullptr;
  std::size_t best_devices = 0;
  bool best_nic = false;
  for (const Domain& domain : domains) {
    if (domain.free < count) continue;
    const std::size_t devices = devices_beside(need, node, domain);
    const bool nic = has_nic(need, node, domain);
    const auto rank = std::tuple(devices, nic, best == nullptr ? 0 : best->free);
    const auto best_rank = std::tuple(best_devices, best_nic, domain.free);
    if (best != nullptr && !(rank > best_rank)) continue;
    best = &domain;
    best_devices = devices;
    best_nic = nic;
  }
  return best;
}

/// Those beside which devices of the request are free, where they are enough; else all.
std::vector<Domain> with_devices(const core::Need& need,
                                 NodeId node,
                                 std::vector<Domain> domains,
                                 std::size_t count) {
  if (need.component().devices.empty()) return domains;
  std::vector<Domain> beside;
  std::size_t room = 0;
  for (const Domain& domain : domains) {
    if (devices_near(need, node, domain) == 0) continue;
    room += domain.free;
    beside.push_back(domain);
  }
  return room >= count ? beside : domains;
}

/// Devices of the request that are free, but not beside the NUMA node; all where there is no one.
std::uint64_t devices_away(const core::Need& need, NodeId node, const Domain* numa) {
  if (need.component().devices.empty()) return 0;
  constexpr std::uint64_t most = 255;  // what a score has room for
  const std::uint64_t all = count_devices(need, node, [](const DeviceInfo&) { return true; });
  return std::min(most, all - (numa == nullptr ? 0 : devices_beside(need, node, *numa)));
}

class Packing final : public core::Taste {
 public:
  /// NUMA nodes beyond the first weigh most, then devices that are elsewhere, then the room left
  /// beside the cores, then on the node.
  std::uint64_t score(const core::Need& need, NodeId node, std::uint32_t tasks) const override {
    if (need.whole_nodes()) return 0;
    const Bitset& free = need.view().free[node.value].cores;
    const std::uint32_t class_id = need.view().nodes[node.value].node_class.value;
    // Nodes in the same condition come in rows; the last answer is often the next.
    const Bitset& devices = need.view().free[node.value].devices;
    const bool is_known = known_tasks_ == tasks && class_id == known_class_ &&
                          free == known_free_ && devices == known_devices_;
    if (is_known) return known_score_;
    const std::size_t count = need.cores_for(node, tasks);
    const auto domains = numa_domains(class_of(need, node), free);
    const Domain* one = best_numa(need, node, domains, count);
    const std::uint64_t away = devices_away(need, node, one);
    const std::uint64_t spread = one != nullptr ? 0 : domains_needed(domains, count) - 1;
    const std::uint64_t beside = one != nullptr ? one->free - count : 0;
    known_score_ = (spread << 48U) | (away << 40U) | (beside << 20U) | (free.count() - count);
    known_class_ = class_id;
    known_free_ = free;
    known_devices_ = devices;
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
    if (one == nullptr) return pack(with_devices(need, node, domains, cores), cores, per_task);
    const auto caches = l3_domains(node_class, one->cores);
    return pack(with_devices(need, node, caches, cores), cores, per_task);
  }

 private:
  // One Packing serves one selection: a memory of the last score, no state of the policy.
  mutable std::uint32_t known_tasks_ = 0;
  mutable std::uint32_t known_class_ = 0;
  mutable Bitset known_free_, known_devices_;
  mutable std::uint64_t known_score_ = 0;
};

}  // namespace

core::Selection TopologySelect::select(const JobRequest& request,
                                       const core::FreeNodes& free) const {
  return core::choose(request, free, Packing{});
}

}  // namespace cox::plugins
