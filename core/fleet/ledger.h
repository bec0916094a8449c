// The one ledger of cores, memory, devices and pools: free + used = total on every node, always.
#pragma once

#include "core/state.h"

namespace cox::core {

/// Everything the node has, nothing used.
NodeFree whole_node(const Node& node, const NodeClass& node_class);
/// Takes a job's share out of what is free. Asserts that all of it was.
void take(Index& index, const Job& job, const NodeShare& share);
/// Gives it back, which the job says already. Asserts that none of it was free.
void give_back(Index& index, const Job& job, const NodeShare& share);
/// The node is held by jobs that use its cores in turns.
bool is_sliced(const Index& index, NodeId node);

/// The job holds its licences from now on (1), or no more (-1).
void count_licenses(Index& index, const Job& job, int by);

}  // namespace cox::core
