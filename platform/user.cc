// getpwuid_r, getpwnam_r and getgrouplist, with bounds.
#include "platform/user.h"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "common/text.h"
#include "platform/file.h"

namespace cox::platform {
namespace {

constexpr std::size_t entry_bytes_max = 1U << 20;
constexpr std::size_t passwd_bytes_max = 16U << 20;

/// The supplementary groups without the primary one, ascending: equal users compare equal.
Result<std::vector<std::uint32_t>> groups_of(const std::string& name, gid_t primary) {
  std::vector<gid_t> groups(64);
  for (;;) {
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(name.c_str(), primary, groups.data(), &count) >= 0) {
      groups.resize(static_cast<std::size_t>(count));
      break;
    }
    if (groups.size() >= groups_max) {
      return fail(Code::refused,
                  "user " + quoted(name) + ": more than " + std::to_string(groups_max) + " groups");
    }
    const auto wanted = std::max<std::size_t>(static_cast<std::size_t>(count), groups.size() * 2);
    groups.resize(std::min<std::size_t>(wanted, groups_max));
  }
  std::vector<std::uint32_t> out(groups.begin(), groups.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::erase(out, primary);
  return out;
}

Result<UserIdentity> identity_of(const passwd& entry) {
  UserIdentity user;
  user.uid = entry.pw_uid;
  user.gid = entry.pw_gid;
  user.name = entry.pw_name;
  user.home = entry.pw_dir != nullptr && *entry.pw_dir != '\0' ? entry.pw_dir : "/";
  user.shell = entry.pw_shell != nullptr && *entry.pw_shell != '\0' ? entry.pw_shell : "/bin/sh";
  auto groups = groups_of(user.name, entry.pw_gid);
  if (!groups) return Failure(groups.error());
  user.groups = std::move(*groups);
  return user;
}

/// `ask` is one of the getpw*_r calls; the buffer grows until the entry fits.
Result<UserIdentity> look_up(const std::string& who,
                             const std::function<int(passwd*, std::vector<char>*, passwd**)>& ask) {
  std::vector<char> buffer(4096);
  for (;;) {
    passwd entry{};
    passwd* found = nullptr;
    const int why = ask(&entry, &buffer, &found);
    if (why == ERANGE && buffer.size() < entry_bytes_max) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (found != nullptr) return identity_of(*found);
    if (why == 0 || why == ENOENT || why == ESRCH || why == EBADF || why == EPERM) {
      return fail(Code::not_found, "no such user: " + who);
    }
    return Failure(system_error("look up user " + who, why));
  }
}

}  // namespace

Result<UserIdentity> resolve_user(Uid uid, std::optional<std::uint32_t> gid_without_entry) {
  auto user =
      look_up(std::to_string(uid), [uid](passwd* entry, std::vector<char>* buffer, passwd** found) {
        return ::getpwuid_r(uid, entry, buffer->data(), buffer->size(), found);
      });
  if (user || user.error().code != Code::not_found || !gid_without_entry) return user;
  UserIdentity unknown;
  unknown.uid = uid;
  unknown.gid = *gid_without_entry;
  unknown.name = std::to_string(uid);
  unknown.home = "/";
  unknown.shell = "/bin/sh";
  return unknown;
}

Result<UserIdentity> resolve_user_name(const std::string& name) {
  if (name.empty() || name.size() > 256 || name.find('\0') != std::string::npos) {
    return fail(Code::bad_usage, "no user name: " + quoted(name));
  }
  auto user =
      look_up(quoted(name), [&name](passwd* entry, std::vector<char>* buffer, passwd** found) {
        return ::getpwnam_r(name.c_str(), entry, buffer->data(), buffer->size(), found);
      });
  const auto number = parse_u64(name);
  if (user || !number || *number >= 0xffff'ffffU) return user;
  return resolve_user(static_cast<Uid>(*number));
}

std::vector<std::string> local_user_names() {
  std::vector<std::string> names;
  const auto table = read_file("/etc/passwd", passwd_bytes_max);
  if (!table) return names;
  for (const std::string_view line : split(*table, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && colon != 0) names.emplace_back(line.substr(0, colon));
  }
  return names;
}

std::string user_name(Uid uid) {
  const auto user = resolve_user(uid);
  return user ? user->name : std::to_string(uid);
}

std::string group_name(std::uint32_t gid) {
  for (std::vector<char> buffer(4096); buffer.size() < entry_bytes_max;
       buffer.resize(buffer.size() * 4)) {
    group entry{};
    group* found = nullptr;
    const int why = ::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return found->gr_name;
    if (why != ERANGE) break;
  }
  return std::to_string(gid);
}

}  // namespace cox::platform
