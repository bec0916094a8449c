// Files that hold a secret.
#pragma once

#include <string>

#include "common/result.h"

namespace cox::platform {

/// The file is root's or ours, and nobody else may read or change it. An absent one is as good.
/// error: not_permitted with the mend
Result<void> check_private(const std::string& path);

}  // namespace cox::platform
