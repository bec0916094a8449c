// The running cluster for coxsim: cox sim --from live.
#pragma once

#include "cmds/client/parse.h"
#include "common/result.h"
#include "platform/descriptor.h"

namespace cox::cmds {

/// A file in memory with a wire::LiveCluster, open across exec. error: as Session::ask_in_slices()
Result<platform::Descriptor> take_live_cluster(const Parsed& given);

}  // namespace cox::cmds
