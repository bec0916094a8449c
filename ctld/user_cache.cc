// One look-up per user and minute.
#include "ctld/user_cache.h"

#include <utility>

namespace cox::ctld {

namespace {

constexpr Duration remembered = seconds(60);

}  // namespace

const UserIdentity* UserCache::find(Uid uid, Instant now) const {
  const auto known = known_.find(uid);
  return known == known_.end() || now >= known->second.until ? nullptr : &known->second.user;
}

void UserCache::resolve(Uid uid, std::uint32_t gid, Instant now, Done done) {
  if (const UserIdentity* known = find(uid, now)) {
    done(*known);
    return;
  }
  std::vector<Done>& waiting = waiting_[uid];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  users_.resolve(uid, gid, [this, uid, now](Result<UserIdentity> user) { answer(uid, now, user); });
}

void UserCache::answer(Uid uid, Instant asked, const Result<UserIdentity>& user) {
  if (user) known_[uid] = {*user, asked + remembered};
  const auto found = waiting_.find(uid);
  if (found == waiting_.end()) return;
  const std::vector<Done> waiting = std::move(found->second);
  waiting_.erase(found);
  for (const Done& done : waiting) done(user);
}

}  // namespace cox::ctld
