// Whether the tasks of a job stand still: an operator suspended it, or another row of its partition
// has its turn. What is so since when is in the Record, so that a limit counts only what ran.
#pragma once

#include <string>

#include "core/state.h"

namespace cox::core {

/// The row of the partition that runs.
std::uint32_t turn_of(const Record& record, const std::string& partition);
/// Brings `stands` of the job in line with what is so from `at` on.
void keep_standing(const Record& record, Job& job, Instant at);
/// How long its tasks have stood still since its release.
Duration stood(const Job& job, Instant now);
/// Why they do, for people; empty where they may run.
std::string standing_text(const State& state, const Job& job);
/// What ends that; empty where they may run.
std::string standing_until(const State& state, const Job& job);
/// Its nodes have to be told at each registration whether its tasks stand still.
bool may_stand(const Job& job);
/// A partition without jobs that take turns begins with the first row again.
void end_turns(State& state, const Job& job);

}  // namespace cox::core
