// Jobs that share their nodes with jobs of the same user only: whom they keep out, and who keeps
// them out.
#pragma once

#include <optional>

#include "common/bitset.h"
#include "core/state.h"

namespace cox::core {

/// Whose a part of a node is.
struct Tenant {
  Uid uid = 0;
  bool is_apart = false;  // it stands beside parts of the same user only

  /// They cannot be on one node.
  friend bool exclude_each_other(const Tenant& a, const Tenant& b) {
    return a.uid != b.uid && (a.is_apart || b.is_apart);
  }
};

Tenant tenant_of(const JobRequest& request);
/// Somebody there keeps such a job out now.
bool is_closed_to(const State& state, NodeId node, const Tenant& tenant);
/// Those of `nodes` where somebody does; nothing where that is asked of no job.
std::optional<Bitset> closed_nodes(const State& state,
                                   const Bitset& nodes,
                                   const JobRequest& request);

}  // namespace cox::core
