// The users of this host, for names in a configuration.
#pragma once

#include "config/config.h"

namespace cox::ctld {

/// Who is asked about, and what an unknown one is. The system's databases may take long.
enum class UnknownUsers {
  noted,    // at a start: roles alone, with warnings
  warned,   // roles and accounts, with warnings
  refused,  // the same, and an unknown user has no role
};

config::UserNames system_users(UnknownUsers unknown);

}  // namespace cox::ctld
