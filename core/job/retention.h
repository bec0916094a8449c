// Ended jobs that leave State: when they may. docs/store.md section 4
#pragma once

#include "core/state.h"

namespace cox::core {

/// A resend of the job's submit must find it still: it may not be forgotten. Of two jobs with keys
/// the older one's time is over first.
bool may_be_resent(const State& state, const Job& job);

}  // namespace cox::core
