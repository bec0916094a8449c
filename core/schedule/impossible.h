// Requests that no state of the fleet can fit are refused when they are made, not kept waiting.
#pragma once

#include "core/core.h"

namespace cox::core {

/// Whether some partition of `request`, whose defaults are settled, could hold it if nothing else
/// ran: nodes count with what they last reported, whatever their condition. A partition whose nodes
/// have not all come yet may still hold anything; one of every node has come together when none
/// registered within `silent_after`.
/// error: refused, with the option at fault, what it asks for and the most that there is
Result<void> check_possible(const State& state, Instant now, const JobRequest& request);

}  // namespace cox::core
