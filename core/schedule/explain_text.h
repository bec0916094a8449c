// Verdicts in words.
#pragma once

#include <string>

#include "core/schedule/plan.h"

namespace cox::core {

inline constexpr const char* no_node_has_all = "too few nodes have all that it asks for together";

/// Why it waits: one line.
std::string summary_of(const Job& job, const Blocked& blocked);
/// What could let it start.
std::string next_event_of(const Blocked& blocked);
/// Nothing keeps this job from starting: what happened to it instead.
std::string why_not_waiting(const State& state, const Job& job);
/// The job's partitions do not take it.
bool is_closed(Reason code);

}  // namespace cox::core
