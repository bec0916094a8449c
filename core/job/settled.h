// A request checked as a whole, with what it leaves open filled in: of a submit, or of an update.
#pragma once

#include "common/result.h"
#include "core/core.h"

namespace cox::core {

/// error: bad_usage, refused or not_permitted, with the value at fault
Result<JobRequest> settled(const SubmitJob& ask, const State& state, Instant now);

}  // namespace cox::core
