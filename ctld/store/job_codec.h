// A whole job to and from the bytes that a checkpoint keeps.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"
#include "core/state.h"

namespace cox::ctld {

/// Appends the job's bytes to `out`.
void encode_job(const core::Job& job, std::string* out);
/// error: internal says what is impossible
Result<core::Job> decode_job(std::string_view bytes);

}  // namespace cox::ctld
