// Ended jobs that leave State, and the keys of submits, which are known a while longer.
// docs/store.md section 4, docs/adr/0015-keys-outlive-jobs.md
#pragma once

#include "core/state.h"

namespace cox::core {

/// Record::keys_from once the latest submit was at `last_submit` and the next job is `next_job`:
/// never less than it is.
JobId keys_known_from(const Record& record, Instant last_submit, JobId next_job);

/// After a submit: keys whose time is over are forgotten.
void forget_old_keys(State& state);

}  // namespace cox::core
