// Users as the system's databases know them, remembered for a minute: a submit costs no look-up.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "common/result.h"
#include "ctld/outside.h"
#include "model/time.h"
#include "model/user.h"

namespace cox::ctld {

class UserCache {
 public:
  using Done = std::function<void(const Result<UserIdentity>&)>;

  explicit UserCache(Users& users) : users_(users) {}

  /// Null when the user must be looked up.
  const UserIdentity* find(Uid uid, Instant now) const;
  /// `done` runs at once when the user is remembered, else in a later turn. Who asks for the same
  /// user meanwhile shares one look-up.
  void resolve(Uid uid, std::uint32_t gid, Instant now, Done done);

 private:
  struct Entry {
    UserIdentity user;
    Instant until;
  };

  void answer(Uid uid, Instant asked, const Result<UserIdentity>& user);

  Users& users_;
  std::map<Uid, Entry> known_;
  std::map<Uid, std::vector<Done>> waiting_;
};

}  // namespace cox::ctld
