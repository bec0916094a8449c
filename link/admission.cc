// Counting, no more. Seats may outlive the Admission.
#include "link/admission.h"

#include <unistd.h>

#include <string>

namespace cox::link {
namespace {

constexpr std::size_t farewells_max = 64;

bool is_privileged(std::uint32_t uid) {
  return uid == 0 || uid == ::geteuid();
}

Failure too_many(const std::string& whose, std::size_t limit) {
  return fail(Code::refused, "too many connections: the limit " + whose + " is " +
                                 std::to_string(limit) + ", close some or try again later");
}

}  // namespace

Admission::Admission(std::size_t connections_max) : connections_max_(connections_max) {}

Result<Admission::Seat> Admission::take(const platform::Stream::Credentials& peer) {
  if (counts_->all >= connections_max_) return too_many("of this daemon", connections_max_);
  const bool is_counted = peer.known && !is_privileged(peer.uid);
  const std::size_t user_max = connections_max_ / 2;
  if (is_counted && counts_->of_user[peer.uid] >= user_max) {
    return too_many("of uid " + std::to_string(peer.uid), user_max);
  }
  ++counts_->all;
  if (is_counted) ++counts_->of_user[peer.uid];
  const auto give_back = [counts = counts_, is_counted, uid = peer.uid](void*) {
    --counts->all;
    if (is_counted && --counts->of_user[uid] == 0) counts->of_user.erase(uid);
  };
  return Seat(counts_.get(), give_back);
}

Admission::Seat Admission::take_farewell() {
  if (counts_->farewells >= farewells_max) return nullptr;
  ++counts_->farewells;
  return Seat(counts_.get(), [counts = counts_](void*) { --counts->farewells; });
}

}  // namespace cox::link
