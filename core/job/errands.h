// Programs that the controller's own host runs for attempts: its prolog before the nodes hear of
// one, its epilog when it is over. docs/ARCHITECTURE.md section 4
#pragma once

#include "core/core.h"

namespace cox::core {

/// Its epilog has not ended: the job must not be forgotten, the epilog is told about it.
bool owes_epilog(const State& state, JobId id);

}  // namespace cox::core
