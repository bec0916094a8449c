// Which ranks of a step run where, the texts of it that PMIx wants, and the canonical name of a
// fence's set of processes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "noded/stepd/mpi_server.h"

namespace cox::stepd {

/// Names fit the protocol, ranks are dealt in blocks without a gap, this node is one of the nodes.
/// error: bad_usage names what does not fit
Result<void> check_plan(const MpiPlan& plan);

std::uint32_t tasks_of(const MpiPlan& plan);
/// Index of the node that runs `rank`; nodes.size() when none does.
std::uint32_t node_of(const MpiPlan& plan, std::uint32_t rank);
bool is_local(const MpiPlan& plan, std::uint32_t rank);

/// "n1,n2": names of the nodes with tasks, in node order.
std::string node_names(const MpiPlan& plan);
/// "0,1;2,3": the ranks of each of these nodes.
std::string ranks_by_node(const MpiPlan& plan);
/// "4,5,6": the ranks of one node.
std::string rank_list(const MpiNode& node);

/// A set of ranks as one text that is the same on every node: "0-2,5".
std::string fence_id(std::vector<std::uint32_t> ranks);
/// The whole step where a process named it by wildcard; its fence is another than that of the same
/// ranks by number, since the library counts them apart.
inline constexpr const char* fence_id_all = "*";

/// Nodes that run any of `ranks`, ascending; nodes with any task when `ranks` is empty.
std::vector<std::uint32_t> nodes_of(const MpiPlan& plan, const std::vector<std::uint32_t>& ranks);

}  // namespace cox::stepd
