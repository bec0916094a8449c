// Connections of a simulated controller with nodes and clients, and how they break.
#include <utility>

#include "common/assert.h"
#include "testsuite/faults/fake_controller.h"
#include "wire/client.pb.h"
#include "wire/node.pb.h"

namespace cox::faults {

FakeController::Send FakeController::dial_node(const std::string& name,
                                               Send received,
                                               std::function<void()> closed) {
  if (life_ == nullptr) {
    return nullptr;
  }
  const Session session{next_connection_++};
  const auto weak = std::weak_ptr(life_);
  const auto broken = [this, session, weak] {
    if (weak.lock() != nullptr && weak.lock() == life_) {
      break_node(session);
    }
  };
  const auto heard = [this, session, weak](const std::string& bytes) {
    const auto life = weak.lock();
    if (life == nullptr || life != life_ || life->nodes.count(session) == 0) {
      return;
    }
    wire::NodeMessage message;
    ASSERT(message.ParseFromString(bytes));
    arrive([session, message](ctld::Controller& c) { c.node_said(session, message); });
  };
  const auto to_us = std::make_shared<Pipe>(network_, heard, broken);
  life_->nodes[session] = {name, std::make_shared<Pipe>(network_, std::move(received), broken),
                           to_us, std::move(closed)};
  arrive([session, name](ctld::Controller& c) { c.node_opened(session, name); });
  return [to_us](std::string bytes) { to_us->carry(std::move(bytes)); };
}

void FakeController::break_node(Session session) {
  auto found = life_->nodes.extract(session);
  if (!found.empty()) {
    timeline_.after(milliseconds(rng_.between(1, 1000)), found.mapped().closed);
    arrive([session](ctld::Controller& c) { c.node_closed(session); });
  }
}

Session FakeController::newest_session(const std::string& name) const {
  Session newest;
  if (life_ == nullptr) return newest;
  for (const auto& [session, connection] : life_->nodes) {
    if (connection.name == name) newest = session;
  }
  return newest;
}

void FakeController::forget_node(const std::string& name, Duration unseen) {
  const Session session = newest_session(name);
  if (session == Session{}) return;
  auto found = life_->nodes.extract(session);
  found.mapped().to_us->hang();
  timeline_.after(unseen, found.mapped().closed);
  arrive([session](ctld::Controller& c) { c.node_closed(session); });
}

void FakeController::hang_node(const std::string& name, Duration unseen) {
  const Session session = newest_session(name);
  if (session == Session{}) return;
  life_->nodes[session].to_us->hang();
  life_->nodes[session].to_peer->hang();
  later(unseen, [this, session] { break_node(session); });
}

FakeController::Send FakeController::dial_client(const Caller& caller,
                                                 Send received,
                                                 std::function<void()> closed) {
  if (life_ == nullptr) {
    return nullptr;
  }
  const ctld::ClientId client{next_connection_++};
  const auto weak = std::weak_ptr(life_);
  const auto broken = [this, client, weak] {
    if (weak.lock() == nullptr || weak.lock() != life_) {
      return;
    }
    auto found = life_->clients.extract(client);
    if (!found.empty()) {
      timeline_.after(milliseconds(1), found.mapped().closed);
      arrive([client](ctld::Controller& c) { c.client_closed(client); });
    }
  };
  const auto heard = [this, client, weak](const std::string& bytes) {
    const auto life = weak.lock();
    if (life == nullptr || life != life_ || life->clients.count(client) == 0) {
      return;
    }
    wire::ClientRequest request;
    ASSERT(request.ParseFromString(bytes));
    arrive([client, request](ctld::Controller& c) { c.client_said(client, request); });
  };
  const auto to_us = std::make_shared<Pipe>(network_, heard, broken);
  life_->clients[client] = {
      {}, std::make_shared<Pipe>(network_, std::move(received), broken), to_us, std::move(closed)};
  arrive([client, caller](ctld::Controller& c) { c.client_opened(client, caller); });
  return [to_us](std::string bytes) { to_us->carry(std::move(bytes)); };
}

void FakeController::cut_clients() {
  if (life_ == nullptr) return;
  for (auto& [client, connection] : std::exchange(life_->clients, {})) {
    connection.to_peer->hang();
    timeline_.after(milliseconds(1), connection.closed);
    arrive([client = client](ctld::Controller& c) { c.client_closed(client); });
  }
}

void FakeController::send(Session session, const std::string& payload) {
  const auto found = life_->nodes.find(session);
  if (found == life_->nodes.end()) return;
  found->second.to_peer->carry(payload);
  if (network_.rng.chance(network_.faults.stale, 1000)) {
    const Send ear = ear_of(found->second.name);
    if (ear) {
      timeline_.after(milliseconds(network_.rng.between(1, 120'000)),
                      [ear, payload] { ear(payload); });
    }
  }
}

void FakeController::drop(Session session) {
  break_node(session);
}

void FakeController::send(ctld::ClientId client, const std::string& payload) {
  const auto found = life_->clients.find(client);
  if (found != life_->clients.end()) {
    found->second.to_peer->carry(payload);
  }
}

}  // namespace cox::faults
