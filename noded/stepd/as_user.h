// Looking at files with the user's rights, whoever we are.
#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "model/user.h"

namespace cox::stepd {

/// As long as it lives, this thread's file accesses happen as the user with exactly the user's
/// groups. The process keeps its own identity: the user cannot signal or trace it meanwhile. Only
/// the calling thread changes, so nothing else in the process is affected.
class AsUser {
 public:
  /// error: not_permitted when we are neither root nor that user
  static Result<AsUser> enter(const UserIdentity& user, std::uint32_t umask);
  AsUser(AsUser&& other) noexcept;
  AsUser& operator=(AsUser&&) = delete;
  ~AsUser();

 private:
  AsUser() = default;

  bool active_ = false;    // something must be undone
  bool switched_ = false;  // ids too, not only the umask
  std::uint32_t umask_ = 0;
  std::vector<std::uint32_t> groups_;  // ours
};

/// True when tasks of `user` can be started by this process.
bool can_run_as(const UserIdentity& user);

}  // namespace cox::stepd
