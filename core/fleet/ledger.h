// The one ledger of cores, memory, devices and pools: free + used = total on every node, always.
#pragma once

#include "core/state.h"

namespace cox::core {

/// Everything the node has, nothing used.
NodeFree whole_node(const Node& node, const NodeClass& node_class);
/// Takes a job's share out of what is free. Asserts that all of it was.
void take(Index& index, JobId job, const NodeShare& share);
/// Gives it back. Asserts that none of it was free.
void give_back(Index& index, JobId job, const NodeShare& share);

}  // namespace cox::core
