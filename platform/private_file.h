// Files that hold a secret.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "common/result.h"

namespace cox::platform {

struct PrivacyFault {
  std::string what;  // "PATH has mode 0644: others could read or change it"
  std::string mend;  // a command; empty: there is none
};

/// Nothing where the file is root's or `owner`'s, and closed to everybody else, or absent.
std::optional<PrivacyFault> privacy_fault(const std::string& path, uid_t owner);

/// The file is root's or ours, and nobody else may read or change it. An absent one is as good.
/// error: not_permitted with the mend
Result<void> check_private(const std::string& path);

}  // namespace cox::platform
