// Users and their groups from the system's databases. These calls may block (LDAP): daemons make
// them outside the loop, in the pool for blocking calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/user.h"

namespace cox::platform {

/// A user may have this many supplementary groups; Linux's own limit.
inline constexpr int groups_max = 65'536;

/// `gid_without_entry`: a uid that the database does not know is taken as it is, with this group,
/// its number as name and "/" as home (containers run such users); without one it is not_found.
Result<UserIdentity> resolve_user(Uid uid,
                                  std::optional<std::uint32_t> gid_without_entry = std::nullopt);
/// By name; a decimal number is read as a uid. error: not_found, bad_usage for a hostile name
Result<UserIdentity> resolve_user_name(const std::string& name);
/// The names of the host's own table of users; others may come from a network.
std::vector<std::string> local_user_names();
/// The user's name, or the number where there is none.
std::string user_name(Uid uid);
/// The group's name, or the number where there is none.
std::string group_name(std::uint32_t gid);

}  // namespace cox::platform
