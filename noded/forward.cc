// Who may be relayed, and how many at a time.
#include "noded/forward.h"

#include <utility>

namespace cox::noded {
namespace {

constexpr unsigned socket_mode = 0666;  // who is who is told by the kernel

}  // namespace

Result<void> Forward::listen(const std::string& path) {
  platform::Address address;
  address.path = path;
  link::Trust trust;
  trust.frame_max = relayed_bytes_max;
  trust.last_words = [node = place_.node](const wire::Peer&, const Error& error) {
    return refusal_bytes({Code::bad_usage, "node " + node + ": " + error.message +
                                               " for commands inside a job: make it smaller, or "
                                               "ask the controller itself (--cluster)"});
  };
  const auto listening = link::listen(
      loop_, address, socket_mode, trust,
      [this](std::shared_ptr<link::Link> client) { opened(std::move(client)); },
      [this](const Error& error) { log_.warning("connection refused: " + error.message); });
  if (!listening) return tl::unexpected(listening.error());
  return {};
}

Result<void> Forward::admit(const wire::Peer& peer) const {
  const std::string node = "node " + place_.node + ": ";
  if (peer.kind != wire::PEER_CLIENT) {
    return fail(Code::not_permitted, node + "only commands connect here");
  }
  if (relays_.size() >= relays_max) {
    return fail(Code::refused,
                node + std::to_string(relays_max) + " commands are connected, which is the limit");
  }
  const auto own = of_user_.find(peer.uid);
  if (own != of_user_.end() && own->second >= relays_of_user_max) {
    return fail(Code::refused, node + std::to_string(relays_of_user_max) + " commands of uid " +
                                   std::to_string(peer.uid) + " are connected, which is the limit");
  }
  return {};
}

void Forward::opened(std::shared_ptr<link::Link> client) {
  if (const auto admitted = admit(client->peer()); !admitted) {
    refuse_client(*client, admitted.error());
    // Not from within the link's own call.
    loop_.post([client = std::move(client)] {});
    return;
  }
  const std::uint32_t uid = client->peer().uid;
  const std::uint64_t number = ++last_;
  const auto relay = std::make_shared<Relay>(loop_, place_, std::move(client));
  relays_[number] = relay;
  ++of_user_[uid];
  relay->start([this, number, uid] {
    relays_.erase(number);
    if (--of_user_[uid] == 0) of_user_.erase(uid);
  });
}

}  // namespace cox::noded
