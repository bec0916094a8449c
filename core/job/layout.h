// Which tasks of a step go to which nodes of the allocation: block distribution of even counts.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "core/fact.h"
#include "core/state.h"

namespace cox::core {

/// Spreads `tasks` as evenly as `room` allows, earlier entries first; empty when they do not fit.
/// Every entry gets at least one while there are enough tasks.
std::vector<std::uint32_t> spread(std::uint64_t tasks, const std::vector<std::uint32_t>& room);

/// The shares of a step inside `allocation` of `job`, in node order; numbers not given come from
/// the job's task shape. `partition`: the one it started from, which says what a cpu is. error:
/// refused, when the allocation has too few nodes or no room for the tasks
Result<std::vector<StepShare>> lay_out(const Record& record,
                                       const JobRequest& job,
                                       const std::string& partition,
                                       const Allocation& allocation,
                                       const StepRequest& request);

/// Whether a cpu of `partition` is a thread.
bool counts_threads(const Record& record, const std::string& partition);
/// Cpus that `cores` of `node` are.
std::uint64_t cpus_of(const Record& record, NodeId node, const Bitset& cores, bool threads);

/// Tasks per node as the job was placed.
std::vector<std::uint32_t> job_tasks(const Allocation& allocation);

}  // namespace cox::core
