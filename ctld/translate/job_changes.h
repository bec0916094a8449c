// What a job shall ask for instead, as it arrives.
#pragma once

#include <vector>

#include "common/result.h"
#include "core/request.h"
#include "wire/client.pb.h"

namespace cox::ctld {

/// error: bad_usage names the value at fault; refused when nothing is asked for
Result<core::JobChanges> take_changes(const wire::JobChanges& from);
/// Of `past`, what this dependency names.
std::vector<PastJob> past_of(const Dependency& dependency, const std::vector<PastJob>& past);

}  // namespace cox::ctld
