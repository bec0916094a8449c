// Turns, syncs and crashes of a simulated controller.
#include "testsuite/faults/fake_controller.h"

#include <utility>

#include "common/assert.h"
#include "wire/client.pb.h"
#include "wire/node.pb.h"

namespace cox::faults {

FakeController::FakeController(
    Timeline& timeline, Network& network, Rng rng, Checks& checks, Settings settings)
    : timeline_(timeline),
      network_(network),
      rng_(rng),
      drop_rng_(rng.next()),
      checks_(checks),
      settings_(std::move(settings)) {}

const core::State& FakeController::state() const {
  ASSERT(life_ != nullptr);
  return life_->controller->machine().state();
}

void FakeController::start() {
  ASSERT(life_ == nullptr);
  life_ = std::make_shared<Life>();
  auto policies = ctld::make_policies(settings_);
  ASSERT(policies.has_value());
  life_->policies = std::make_unique<ctld::PolicySet>(std::move(*policies));
  life_->controller = std::make_unique<ctld::Controller>(ctld::ControllerParts{
      .policies = {life_->policies->select.get(), life_->policies->priority.get()},
      .journal = *this,
      .nodes = *this,
      .clients = *this,
      .users = *this,
      .cluster_key = std::string(32, 'k'),
      .about = {},
      .log = ctld::Log(-1)});
  ASSERT(life_->controller->recover(disk_).has_value());
  ASSERT(life_->controller->start(timeline_.now(), settings_).has_value());
  tick();
}

void FakeController::kill() {
  ASSERT(life_ != nullptr);
  // Of the batches on their way some made it, in order.
  auto& syncing = life_->syncing;
  std::uint64_t kept = rng_.below(syncing.size() + 1);
  for (; kept > 0; --kept) {
    disk_.keep(syncing.front());
    syncing.pop_front();
  }
  checks_.lost({syncing.begin(), syncing.end()});
  const auto life = std::exchange(life_, nullptr);
  for (auto& [session, connection] : life->nodes) {
    timeline_.after(milliseconds(1), connection.closed);
  }
  for (auto& [client, connection] : life->clients) {
    timeline_.after(milliseconds(1), connection.closed);
  }
}

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
  life_->nodes[session] = {std::make_shared<Pipe>(network_, std::move(received), broken),
                           std::move(closed)};
  arrive([session, name](ctld::Controller& c) { c.node_opened(session, name); });
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
  return [to_us](std::string bytes) { to_us->carry(std::move(bytes)); };
}

void FakeController::break_node(Session session) {
  auto found = life_->nodes.extract(session);
  if (!found.empty()) {
    timeline_.after(milliseconds(rng_.between(1, 1000)), found.mapped().closed);
    arrive([session](ctld::Controller& c) { c.node_closed(session); });
  }
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
  life_->clients[client] = {std::make_shared<Pipe>(network_, std::move(received), broken),
                            std::move(closed)};
  arrive([client, caller](ctld::Controller& c) { c.client_opened(client, caller); });
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
  return [to_us](std::string bytes) { to_us->carry(std::move(bytes)); };
}

void FakeController::arrive(std::function<void(ctld::Controller&)> work) {
  life_->inbox.push_back(std::move(work));
  if (!life_->turn_due) {
    life_->turn_due = true;
    // Some turns take up several arrivals.
    timeline_.after(microseconds(rng_.between(1, 100)), [this, weak = std::weak_ptr(life_)] {
      if (weak.lock() != nullptr && weak.lock() == life_) {
        turn();
      }
    });
  }
}

void FakeController::turn() {
  auto& controller = *life_->controller;
  life_->turn_due = false;
  controller.begin_turn(timeline_.now());
  auto inbox = std::exchange(life_->inbox, {});
  for (auto& work : inbox) {
    work(controller);
  }
  while (!controller.plan(1000)) {
  }
  controller.end_turn();
  checks_.after_turn(controller.machine().state());
  if (drop_rng_.chance(plan_dropped, 1000)) {
    controller.drop_plan();
  }
  if (rng_.chance(1, 100)) {
    checks_.replay_equals(controller.machine().state());
  }
}

void FakeController::tick() {
  arrive([](ctld::Controller& c) { c.tick(); });
  timeline_.after(seconds(1), [this, weak = std::weak_ptr(life_)] {
    if (weak.lock() != nullptr && weak.lock() == life_) {
      tick();
    }
  });
}

void FakeController::append(ctld::Batch batch) {
  checks_.appended(batch);
  life_->syncing.push_back(std::move(batch));
  timeline_.after(microseconds(rng_.between(80, 1500)), [this, weak = std::weak_ptr(life_)] {
    if (weak.lock() != nullptr && weak.lock() == life_) {
      sync_done();
    }
  });
}

void FakeController::sync_done() {
  if (life_->syncing.empty()) {
    return;  // an earlier sync took it along
  }
  const std::uint64_t last = life_->syncing.back().last_sequence();
  for (const auto& batch : life_->syncing) {
    disk_.keep(batch);
  }
  life_->syncing.clear();
  life_->controller->committed(last);
}

void FakeController::send(Session session, const std::string& payload) {
  const auto found = life_->nodes.find(session);
  if (found != life_->nodes.end()) {
    found->second.to_peer->carry(payload);
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

void FakeController::resolve(Uid uid,
                             std::uint32_t gid,
                             std::function<void(Result<UserIdentity>)> done) {
  UserIdentity user;
  user.uid = uid;
  user.gid = gid;
  user.name = "user" + std::to_string(uid);
  user.home = "/home/" + user.name;
  user.shell = "/bin/sh";
  done(user);
}

}  // namespace cox::faults
