// Answers are kept for a minute; a machine's users change rarely, its jobs often.
#include "noded/user_check.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "platform/user.h"

namespace cox::noded {
namespace {

constexpr Duration answer_age_max = seconds(60);

std::string user_text(const UserIdentity& user) {
  const std::string number = std::to_string(user.uid);
  return user.name.empty() || user.name == number ? "user " + number
                                                  : "user " + user.name + " (" + number + ")";
}

std::optional<std::string> look_up(const UserIdentity& user) {
  const auto found = platform::resolve_user(user.uid);
  if (found) return std::nullopt;
  return user_text(user) + " is unknown on this node: " + found.error().message;
}

}  // namespace

void UserCheck::check(const UserIdentity& user, Done done) {
  const Uid own = geteuid();
  if (own != 0) {
    if (user.uid == own) return done(std::nullopt);
    return done("this node's daemon runs as user " + std::to_string(own) +
                ", not as root: " + user_text(user) + " cannot run here");
  }
  if (user.uid == 0 || user.name == std::to_string(user.uid)) return done(std::nullopt);
  const Duration now = loop_.monotonic();
  const auto known = known_.find(user.uid);
  if (known != known_.end() && now.us - known->second.at.us < answer_age_max.us) {
    return done(known->second.failure);
  }
  auto answer = std::make_shared<std::optional<std::string>>();
  worker_.run([user, answer] { *answer = look_up(user); },
              [this, uid = user.uid, now, answer, done = std::move(done)] {
                known_[uid] = Known{now, *answer};
                done(*answer);
              });
}

}  // namespace cox::noded
