// The children of this process, and those of others that become its own: a subreaper is given the
// descendants whose parents have died.
#pragma once

#include <vector>

#include "common/result.h"

namespace cox::platform {

/// From now on descendants that lose their parents come to this process, not to process 1.
Result<void> become_subreaper();
/// Every child that was not waited for yet, dead ones too.
std::vector<int> own_children();

}  // namespace cox::platform
