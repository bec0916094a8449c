// The whole cluster for a simulator.
#include <algorithm>
#include <string>
#include <utility>

#include "ctld/client_desk.h"

namespace cox::ctld {

namespace {

// Each is as much as all lists of one client.
constexpr std::size_t snapshots_max = 8;

}  // namespace

void ClientDesk::take_snapshot(const Conversation& to) {
  const bool has_one = std::ranges::any_of(snapshots_, [&](const Snapshot& snapshot) {
    return snapshot.conversation().client == to.client;
  });
  if (has_one)
    return refuse(to, {Code::refused, "a snapshot is on its way to this client already"});
  if (snapshots_.size() >= snapshots_max) {
    return refuse(to,
                  {Code::refused, std::to_string(snapshots_.size()) +
                                      " snapshots are on their way already: retry after 1 s"},
                  seconds(1));
  }
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
