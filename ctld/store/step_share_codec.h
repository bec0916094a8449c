// A step's share of a node as facts and checkpoints keep it.
#pragma once

#include "common/result.h"
#include "core/fact.h"
#include "ctld/store/fact.pb.h"

namespace cox::ctld {

void put_step_share(const core::StepShare& from, store::StepShare* to);
/// error: bad_usage names the amount at fault
Result<core::StepShare> take_step_share(const store::StepShare& from);

}  // namespace cox::ctld
