// See tenants.h.
#include "core/schedule/tenants.h"

#include <algorithm>

namespace cox::core {

Tenant tenant_of(const JobRequest& request) {
  const JobCommon& common = *request.common;
  const bool is_apart = !common.components.empty() && common.components.front().exclusive_user;
  return {common.user.uid, is_apart};
}

bool is_closed_to(const State& state, NodeId node, const Tenant& tenant) {
  return std::ranges::any_of(state.index.jobs_on_node[node.value], [&](const JobId id) {
    return exclude_each_other(tenant, tenant_of(state.find_job(id)->request));
  });
}

std::optional<Bitset> closed_nodes(const State& state,
                                   const Bitset& nodes,
                                   const JobRequest& request) {
  const Tenant tenant = tenant_of(request);
  if (!tenant.is_apart && state.index.apart_on_node.empty()) return std::nullopt;
  Bitset closed(nodes.size());
  const auto look = [&](NodeId node) {
    if (nodes.test(node.value) && is_closed_to(state, node, tenant)) closed.set(node.value);
  };
  if (tenant.is_apart) {
    nodes.for_each([&](std::size_t i) { look(NodeId{static_cast<std::uint32_t>(i)}); });
  } else {
    for (const auto& [node, jobs] : state.index.apart_on_node) look(node);
  }
  if (closed.none()) return std::nullopt;
  return closed;
}

}  // namespace cox::core
