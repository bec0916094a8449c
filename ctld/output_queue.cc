// First in, first out, by sequence number.
#include "ctld/output_queue.h"

#include <utility>

#include "wire/client.pb.h"

namespace cox::ctld {

void OutputQueue::to_node(std::uint64_t needed, Session session, std::string payload) {
  waiting_.push_back({needed, Kind::node, session, ClientId{}, std::move(payload), {}});
}

void OutputQueue::to_node_at_once(Session session, const std::string& payload) {
  nodes_.send(session, payload);
}

void OutputQueue::drop_node(std::uint64_t needed, Session session) {
  waiting_.push_back({needed, Kind::drop_node, session, ClientId{}, {}, {}});
}

void OutputQueue::to_host(std::uint64_t needed, std::function<void()> act) {
  waiting_.push_back({needed, Kind::host, Session{}, ClientId{}, {}, std::move(act)});
}

void OutputQueue::to_client(std::uint64_t needed,
                            ClientId client,
                            std::string payload,
                            bool is_read) {
  const Kind kind = is_read ? Kind::read : Kind::change;
  bytes_[client] += payload.size();
  waiting_.push_back({needed, kind, Session{}, client, std::move(payload), {}});
}

void OutputQueue::release(std::uint64_t committed) {
  while (!waiting_.empty() && waiting_.front().needed <= committed) {
    // It may lead to more that waits here.
    const Output output = std::move(waiting_.front());
    waiting_.pop_front();
    take_off(output);
    send(output);
  }
}

void OutputQueue::release_reads(const std::string& notice) {
  wire::ClientReply more;
  more.set_notice(notice);
  const std::string suffix = more.SerializeAsString();
  std::deque<Output> kept;
  for (Output& output : waiting_) {
    if (output.kind == Kind::read) {
      take_off(output);
      output.payload += suffix;  // appended bytes are read as further fields of the message
      send(output);
    } else {
      kept.push_back(std::move(output));
    }
  }
  waiting_ = std::move(kept);
}

std::size_t OutputQueue::waiting_bytes(ClientId client) const {
  const auto found = bytes_.find(client);
  return found == bytes_.end() ? 0 : found->second;
}

void OutputQueue::take_off(const Output& output) {
  const auto found = bytes_.find(output.client);
  if (found == bytes_.end()) return;
  found->second -= output.payload.size();
  if (found->second == 0) bytes_.erase(found);
}

void OutputQueue::send(const Output& output) {
  switch (output.kind) {
    case Kind::node:
      nodes_.send(output.session, output.payload);
      break;
    case Kind::drop_node:
      nodes_.drop(output.session);
      break;
    case Kind::host:
      output.act();
      break;
    case Kind::change:
    case Kind::read:
      clients_.send(output.client, output.payload);
      break;
  }
}

}  // namespace cox::ctld
