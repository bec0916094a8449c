// What a cluster can tell after a run: its history, and what its jobs wrote.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testsuite/daemons/cluster.h"
#include "testsuite/kills/verdict.h"

namespace cox::kills {

Evidence collect(const daemons::Cluster& cluster);
/// Ids of jobs that have not ended.
std::vector<std::uint64_t> jobs_in_queue(const daemons::Cluster& cluster);
/// Of nodes that have cores, memory or jobs in use; empty when none has.
std::string busy_nodes(const std::vector<wire::NodeView>& nodes);

}  // namespace cox::kills
