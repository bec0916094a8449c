// See system_users.h. One look-up for each name, however many tables have it.
#include "ctld/system_users.h"

#include <map>
#include <memory>

#include "platform/user.h"

namespace cox::ctld {

config::UserNames system_users(UnknownUsers unknown) {
  const auto asked = std::make_shared<std::map<std::string, std::optional<Uid>>>();
  config::UserNames users;
  users.find = [asked](const std::string& name) {
    const auto [entry, is_new] = asked->emplace(name, std::nullopt);
    if (!is_new) return entry->second;
    if (const auto user = platform::resolve_user_name(name)) entry->second = user->uid;
    return entry->second;
  };
  users.known = &platform::local_user_names;
  users.refuses_unknown = unknown == UnknownUsers::refused;
  users.looks_at_accounts = unknown != UnknownUsers::noted;
  return users;
}

}  // namespace cox::ctld
