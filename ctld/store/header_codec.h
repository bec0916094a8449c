// The head of a checkpoint: what is of no single job, node or class.
#pragma once

#include "common/result.h"
#include "core/state.h"
#include "ctld/store/chunk.pb.h"

namespace cox::ctld {

store::StateHeader encode_header(const core::Record& record);
/// All but keys_from, which earlier versions did not write. error: settings that cannot be taken
Result<void> decode_header(const store::StateHeader& header, core::Record* record);

}  // namespace cox::ctld
