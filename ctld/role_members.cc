// See role_members.h. Numbers in the file are taken as they are.
#include "ctld/role_members.h"

#include "common/text.h"
#include "platform/user.h"

namespace cox::ctld {

std::vector<std::string> resolve_members(config::Config* config, const std::string& file) {
  Settings& settings = config->settings;
  std::vector<std::string> unknown;
  const auto resolve = [&](const char* key, std::vector<RoleMember>& members) {
    for (RoleMember& member : members) {
      if (member.uid != uid_nobody) continue;
      if (const auto user = platform::resolve_user_name(member.name)) {
        member.uid = user->uid;
      } else {
        unknown.push_back(file + ": cluster." + key + ": this host knows no user \"" +
                          quoted(member.name) + '"');
      }
    }
  };
  resolve("administrators", settings.administrators);
  resolve("operators", settings.operators);
  resolve("read_only", settings.readers);
  return unknown;
}

}  // namespace cox::ctld
