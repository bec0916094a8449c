// The whole cluster for a simulator.
#include <algorithm>
#include <utility>

#include "ctld/client_desk.h"

namespace cox::ctld {

void ClientDesk::take_snapshot(const Conversation& to) {
  const bool has_one = std::ranges::any_of(snapshots_, [&](const Snapshot& snapshot) {
    return snapshot.conversation().client == to.client;
  });
  if (has_one)
    return refuse(to, {Code::refused, "a snapshot is on its way to this client already"});
  snapshots_.emplace_back(to);
}

bool ClientDesk::continue_snapshots() {
  for (std::size_t tried = 0; tried < snapshots_.size(); ++tried) {
    Snapshot snapshot = snapshots_.front();
    snapshots_.pop_front();
    if (links_.queued_bytes(snapshot.conversation().client) > queued_bytes_max) {
      snapshots_.push_back(snapshot);
      continue;
    }
    wire::ClientReply answer;
    const bool is_last =
        snapshot.next(state(), machine_.contact(), machine_.plan(), machine_.now(), &answer);
    reply(snapshot.conversation(), std::move(answer), is_last, true);
    if (!is_last) snapshots_.push_back(snapshot);
    return true;
  }
  return false;
}

}  // namespace cox::ctld
