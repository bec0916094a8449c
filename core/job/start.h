// The facts of a start: the attempt, its initial step, and for a single node the release as well.
#pragma once

#include <string>

#include "core/core.h"
#include "core/state.h"

namespace cox::core {

/// A start of `job`, of an array its next element, from `partition` on `allocation`. A job whose
/// initial step cannot be laid out on what it asked for is held instead, with the reason.
Facts start_job(const State& state,
                const Job& job,
                const std::string& partition,
                const Allocation& allocation,
                Instant now);

/// Among the facts of start_job(): the job starts, and is not held instead.
bool has_start(const Facts& facts);

/// A gang of one node begins with one message; but where a prolog of the node's comes first, the
/// job is not called running before that has ended.
bool goes_at_once(const State& state, const Allocation& allocation);
/// JobReleased, and StepReleased for the initial step.
Facts release_job(const Job& job, Attempt attempt, Instant now);

}  // namespace cox::core
