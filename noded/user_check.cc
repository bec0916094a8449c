// Answers are kept for a minute; a machine's users change rarely, its jobs often.
#include "noded/user_check.h"

#include <unistd.h>

#include <memory>
#include <utility>

#include "model/node_fault.h"
#include "platform/user.h"

namespace cox::noded {
namespace {

constexpr Duration answer_age_max = seconds(60);

std::string whose(const UserIdentity& user) {
  const std::string number = std::to_string(user.uid);
  return user.name.empty() || user.name == number ? "user " + number
                                                  : "user " + user.name + " (" + number + ")";
}

std::optional<std::string> look_up(const UserIdentity& user) {
  const auto found = platform::resolve_user(user.uid);
  if (found) return std::nullopt;
  return whose(user) + " " + std::string(user_unknown_on_node) + ": " + found.error().message;
}

}  // namespace

void UserCheck::check(const UserIdentity& user, Done done) {
  const Uid own = geteuid();
  if (own != 0) {
    if (user.uid == own) return done(std::nullopt);
    return done(std::string(daemon_is_not_root) + ", but as user " + std::to_string(own) + ": " +
                whose(user) + " cannot run here");
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
