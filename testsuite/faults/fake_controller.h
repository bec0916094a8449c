// The controller in a fake world: the real ctld::Controller with a simulated disk and simulated
// connections. It may be killed at any moment, also while a batch is on its way to the disk.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ctld/controller.h"
#include "ctld/outside.h"
#include "ctld/policies.h"
#include "testsuite/faults/checks.h"
#include "testsuite/faults/fake_disk.h"
#include "testsuite/faults/network.h"
#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"

namespace cox::faults {

class FakeController : private ctld::Journal,
                       private ctld::NodeLinks,
                       private ctld::ClientLinks,
                       private ctld::Users {
 public:
  using Send = std::function<void(std::string)>;

  FakeController(Timeline& timeline, Network& network, Rng rng, Checks& checks, Settings settings);

  void start();
  void kill();

  bool is_up() const { return life_ != nullptr; }

  /// Parts of a thousand of the turns after which the plan is thrown away.
  std::uint64_t plan_dropped = 0;

  Send dial_node(const std::string& name, Send received, std::function<void()> closed);
  Send dial_client(const Caller& caller, Send received, std::function<void()> closed);

  const core::State& state() const;

 private:
  struct Connection {
    std::shared_ptr<Pipe> to_peer;
    std::function<void()> closed;
  };

  /// One life of the process.
  struct Life {
    std::unique_ptr<ctld::PolicySet> policies;
    std::unique_ptr<ctld::Controller> controller;
    std::map<Session, Connection> nodes;
    std::map<ctld::ClientId, Connection> clients;
    std::deque<std::function<void(ctld::Controller&)>> inbox;
    bool turn_due = false;
    std::deque<ctld::Batch> syncing;
  };

  void append(ctld::Batch batch) override;

  void cut(std::uint64_t sequence) override { (void)disk_.cut(sequence, 1); }

  void drop_blobs(std::vector<Hash> hashes) override { (void)disk_.drop_blobs(hashes); }

  void send(Session session, const std::string& payload) override;
  void drop(Session session) override;
  void send(ctld::ClientId client, const std::string& payload) override;

  std::size_t queued_bytes(ctld::ClientId) const override { return 0; }

  void resolve(Uid uid, std::uint32_t gid, std::function<void(Result<UserIdentity>)> done) override;

  void arrive(std::function<void(ctld::Controller&)> work);
  void turn();
  void tick();
  void sync_done();
  /// Both ends learn of it, each in its own time.
  void break_node(Session session);

  Timeline& timeline_;
  Network& network_;
  Rng rng_;
  Rng drop_rng_;
  Checks& checks_;
  Settings settings_;
  FakeDisk disk_;
  std::uint64_t next_connection_ = 1;
  std::shared_ptr<Life> life_;
};

}  // namespace cox::faults
