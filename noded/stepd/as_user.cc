// File system ids of one thread. The C library would change the groups of every thread, hence the
// plain system call.
#include "noded/stepd/as_user.h"

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "common/assert.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

int set_groups_of_thread(const std::vector<std::uint32_t>& groups) {
  return static_cast<int>(::syscall(SYS_setgroups, groups.size(), groups.data()));
}

std::vector<std::uint32_t> own_groups() {
  std::vector<std::uint32_t> groups(static_cast<std::size_t>(::getgroups(0, nullptr)));
  static_assert(sizeof(gid_t) == sizeof(std::uint32_t));
  groups.resize(
      static_cast<std::size_t>(::getgroups(static_cast<int>(groups.size()), groups.data())));
  return groups;
}

bool is_ourselves(const UserIdentity& user) {
  return user.uid == ::geteuid() && user.gid == ::getegid();
}

}  // namespace

bool can_run_as(const UserIdentity& user) {
  return ::geteuid() == 0 || user.uid == ::geteuid();
}

Result<AsUser> AsUser::enter(const UserIdentity& user, std::uint32_t umask) {
  if (!can_run_as(user)) {
    return fail(Code::not_permitted, "cannot run tasks of user " + std::to_string(user.uid) +
                                         ": this node's daemon belongs to user " +
                                         std::to_string(::geteuid()));
  }
  AsUser guard;
  if (::geteuid() == 0) {
    guard.groups_ = own_groups();
    if (set_groups_of_thread(user.groups) == 0) {
      guard.switched_ = true;
      ::setfsgid(user.gid);
      ::setfsuid(user.uid);
    } else if (!is_ourselves(user)) {
      return Failure(
          platform::system_error("set groups of user " + std::to_string(user.uid), errno));
    }
  }
  guard.umask_ = ::umask(static_cast<mode_t>(umask));
  guard.active_ = true;
  return guard;
}

AsUser::AsUser(AsUser&& other) noexcept
    : active_(std::exchange(other.active_, false)),
      switched_(other.switched_),
      umask_(other.umask_),
      groups_(std::move(other.groups_)) {}

AsUser::~AsUser() {
  if (!active_) {
    return;
  }
  ::umask(static_cast<mode_t>(umask_));
  if (switched_) {
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
    const int restored = set_groups_of_thread(groups_);
    ASSERT(restored == 0);
  }
}

}  // namespace cox::stepd
