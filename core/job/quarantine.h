// Jobs of which a restart could not understand everything. Each is kept as it last was, is not
// started again until an operator releases it, and no attempt number of its lost past is used
// twice. docs/store.md section 5
#pragma once

#include "core/state.h"

namespace cox::core {

/// After the job came back to the queue: held where it stands in quarantine.
void keep_aside(State& state, Job& job);

}  // namespace cox::core
