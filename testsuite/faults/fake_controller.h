// The controller in a fake world: the real ctld::Controller over the real store on a disk in
// memory, and simulated connections. It may be killed at any moment, also while a commit is under
// way, and its power may be cut; its disk may be slow or full and its clock may jump.
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
#include "ctld/store/checkpoint_store.h"
#include "ctld/store/history.h"
#include "plugins/policies.h"
#include "testsuite/faults/checks.h"
#include "testsuite/faults/network.h"
#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"
#include "testsuite/power/power_disk.h"
#include "testsuite/power/power_vfs.h"

namespace cox::faults {

inline constexpr const char* state_directory = "/state";

class FakeController : private ctld::Journal,
                       private ctld::Checkpoints,
                       private ctld::NodeLinks,
                       private ctld::ClientLinks,
                       private ctld::Users,
                       private ctld::History {
 public:
  using Send = std::function<void(std::string)>;
  /// What hears messages to a node out of their time; null when its daemon is down.
  using Ear = std::function<Send(const std::string& node)>;

  FakeController(Timeline& timeline, Network& network, Rng rng, Checks& checks, Settings settings);

  void start();
  /// kill -9: what was written stays, also half of a commit.
  void kill();
  /// The same, and what was not synced may be gone. Nobody's connection is closed.
  void cut_power();

  bool is_up() const { return life_ != nullptr; }

  /// The wall clock is set, by some hours at most.
  void set_clock_by(Duration jump) { clock_error_ = clock_error_ + jump; }

  void set_disk_full(bool full);

  /// The controller has learned that its disk is full.
  bool knows_disk_full() const { return life_ != nullptr && life_->knows_disk_full; }

  /// Starts so far.
  std::uint64_t lives() const { return lives_; }

  /// Commits take this much longer.
  Duration disk_delay;
  /// Parts of a thousand of the turns after which the plan is thrown away.
  std::uint64_t plan_dropped = 0;
  Ear ear_of;

  Send dial_node(const std::string& name, Send received, std::function<void()> closed);
  Send dial_client(const Caller& caller, Send received, std::function<void()> closed);

  /// The controller sees the connection of `name` end, the node does not, for `unseen`.
  void forget_node(const std::string& name, Duration unseen);
  /// Nothing is carried any more, and for `unseen` neither end knows.
  void hang_node(const std::string& name, Duration unseen);
  /// All connections of clients end.
  void cut_clients();

  const core::State& state() const;
  const ctld::Machine& machine() const;

  /// What history.db holds, by a connection of its own.
  Result<ctld::HistoryPage> read_history(const ctld::HistoryFilter& filter) const;
  /// Nothing that lasts waits to be written there.
  bool is_history_written() const;

 private:
  struct Connection {
    std::string name;
    std::shared_ptr<Pipe> to_peer;
    std::shared_ptr<Pipe> to_us;
    std::function<void()> closed;
  };

  /// One life of the process.
  struct Life {
    std::unique_ptr<plugins::PolicySet> policies;
    std::unique_ptr<ctld::Controller> controller;
    std::unique_ptr<ctld::Store> store;
    std::unique_ptr<ctld::CheckpointStore> checkpoint;
    bool checkpoint_failed = false;  // until the next one begins
    std::map<Session, Connection> nodes;
    std::map<ctld::ClientId, Connection> clients;
    std::deque<std::function<void(ctld::Controller&)>> inbox;
    bool turn_due = false;
    bool sync_due = false;
    bool knows_disk_full = false;
    std::vector<ctld::Batch> syncing;
    std::unique_ptr<ctld::HistoryStore> history;                // null: could not be opened
    std::deque<std::shared_ptr<const ctld::HistoryRows>> rows;  // for history.db
    bool history_due = false;
  };

  void append(ctld::Batch batch) override;
  void read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) override;
  void cut(std::uint64_t sequence) override;
  void list_blobs(const Hash& after,
                  std::size_t most,
                  std::function<void(Result<std::vector<Hash>>)> done) override;
  void drop_blobs(std::vector<Hash> hashes) override;
  void begin() override;
  void put(std::vector<ctld::Chunk> chunks) override;
  void make_valid(std::uint64_t sequence) override;
  void send(Session session, const std::string& payload) override;
  void drop(Session session) override;
  void send(ctld::ClientId client, const std::string& payload) override;

  std::size_t queued_bytes(ctld::ClientId) const override { return 0; }

  void resolve(Uid uid, std::uint32_t gid, std::function<void(Result<UserIdentity>)> done) override;
  std::uint64_t sequence() const override;
  void append(std::shared_ptr<const ctld::HistoryRows> rows) override;
  void catch_up() override;
  void query(ctld::HistoryFilter filter,
             std::function<void(Result<ctld::HistoryPage>)> done) override;

  Instant wall() const { return timeline_.now() + clock_error_; }

  /// Runs `work` after `delay` unless this life of the process is over by then.
  void later(Duration delay, std::function<void()> work);
  void arrive(std::function<void(ctld::Controller&)> work);
  void turn();
  std::optional<testing::Promise> first_promise() const;
  void tick();
  void continue_checkpoint();
  /// Whether an order of a checkpoint was carried out; if not, the controller hears of it.
  bool checkpointed(const Result<void>& done);
  void sync_soon(Duration delay);
  void sync();
  void open_history();
  void write_history_soon(Duration delay);
  bool write_history();
  std::vector<std::shared_ptr<const ctld::HistoryRows>> next_rows();
  /// A commit is under way at the moment of death, or about to be.
  std::shared_ptr<Life> die(bool is_power_cut);
  /// Both ends learn of it, each in its own time.
  void break_node(Session session);
  Session newest_session(const std::string& name) const;

  Timeline& timeline_;
  Network& network_;
  Rng rng_;
  Rng drop_rng_;
  Checks& checks_;
  Settings settings_;
  power::PowerDisk disk_;
  power::PowerVfs vfs_{disk_};
  Duration clock_error_;
  bool is_disk_full_ = false;
  std::uint64_t lives_ = 0;
  std::uint64_t next_connection_ = 1;
  std::shared_ptr<Life> life_;
};

}  // namespace cox::faults
