// What the steps of a running job hold of its allocation, and where another one fits beside them.
// All of it follows from the Record: nothing is kept.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "core/state.h"

namespace cox::core {

/// What of an allocation is free of steps, by the order of its nodes. Of each node `jobs` counts
/// the steps that hold something there.
using StepRoom = std::vector<NodeFree>;

/// As if no step ran.
StepRoom whole_room(const Job& job);
/// What `step`, which has begun and has not ended, leaves of `room`, or gives back to it.
void take_room(StepRoom& room, const Job& job, const Step& step);
void give_room(StepRoom& room, const Job& job, const Step& step);
/// What the steps that have begun leave.
StepRoom room_beside_steps(const Job& job);
/// The places in the allocation on which a step may be put. error: refused where the job has none
/// of the nodes it names, or fewer than it asks for
Result<std::vector<std::size_t>> places_for(const Record& record,
                                            const Job& job,
                                            const StepRequest& request);
/// The shares of a step that begins now, with what it may use of each node. error: refused, when it
/// does not fit into `room`
Result<std::vector<StepShare>> place_step(const Record& record,
                                          const Job& job,
                                          const StepRequest& request,
                                          const StepRoom& room);

/// Every broken rule as a sentence: a step uses what its job does not hold, or two of them that
/// share nothing have the same core, device, MiB or count of a pool.
std::vector<std::string> step_faults(const Record& record, const Job& job);

}  // namespace cox::core
