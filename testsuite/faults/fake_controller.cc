// Turns, commits and crashes of a simulated controller. Connections are in fake_links.cc.
#include "testsuite/faults/fake_controller.h"

#include <utility>

#include "common/assert.h"
#include "ctld/store/sqlite_checkpoint.h"
#include "ctld/store/sqlite_store.h"

namespace cox::faults {
namespace {

constexpr Duration full_disk_retry = milliseconds(200);  // as the store thread
constexpr std::uint64_t facts_per_checkpoint = 60;

}  // namespace

FakeController::FakeController(
    Timeline& timeline, Network& network, Rng rng, Checks& checks, Settings settings)
    : timeline_(timeline),
      network_(network),
      rng_(rng),
      drop_rng_(rng.next()),
      checks_(checks),
      settings_(std::move(settings)),
      disk_(rng.next()) {
  checks_.read_history = [this](const ctld::HistoryFilter& filter) { return read_history(filter); };
}

const ctld::Machine& FakeController::machine() const {
  ASSERT(life_ != nullptr);
  return life_->controller->machine();
}

const core::State& FakeController::state() const {
  return machine().state();
}

void FakeController::start() {
  ASSERT(life_ == nullptr);
  auto store = ctld::open_sqlite_store(state_directory);
  if (!store) {
    // A full disk may keep a controller from starting; it is started again.
    if (!is_disk_full_) checks_.complain("the store does not open: " + store.error().message);
    return;
  }
  auto checkpoint = ctld::open_sqlite_checkpoint(state_directory);
  if (!checkpoint) {
    if (!is_disk_full_) {
      checks_.complain("the checkpoint does not open: " + checkpoint.error().message);
    }
    return;
  }
  ++lives_;
  life_ = std::make_shared<Life>();
  life_->store = std::move(*store);
  life_->checkpoint = std::move(*checkpoint);
  auto policies = plugins::make_policies(settings_);
  ASSERT(policies.has_value());
  life_->policies = std::make_unique<plugins::PolicySet>(std::move(*policies));
  life_->controller = std::make_unique<ctld::Controller>(ctld::ControllerParts{
      .policies = {life_->policies->select.get(), life_->policies->priority.get()},
      .journal = *this,
      .nodes = *this,
      .clients = *this,
      .users = *this,
      .cluster_key = std::string(32, 'k'),
      .about = {},
      .log = ctld::Log(-1),
      .checkpoints = this,
      .history = this});
  open_history();
  life_->controller->set_limits(
      {.facts = facts_per_checkpoint, .bytes = 1U << 20, .retry_after = seconds(1)});
  if (const auto read = life_->controller->recover(*life_->store, life_->checkpoint.get()); !read) {
    checks_.complain("recovery failed: " + read.error().message);
    return;
  }
  checks_.recovered(life_->controller->machine().last_sequence());
  config::Config config;
  config.settings = settings_;
  ASSERT(life_->controller->start(wall(), Duration{timeline_.now().us}, config).has_value());
  tick();
}

std::shared_ptr<FakeController::Life> FakeController::die(bool is_power_cut) {
  ASSERT(life_ != nullptr);
  const auto life = std::exchange(life_, nullptr);
  disk_.cut_after(1 + rng_.below(12));
  if (!life->syncing.empty() && rng_.chance(3, 4)) {
    const auto written = life->store->append(life->syncing);
    // Done to the end, but nobody was told.
    static_cast<void>(written);
  }
  if (life->history != nullptr && !life->rows.empty() && rng_.chance(1, 2)) {
    static_cast<void>(life->history->append({life->rows.front()}));
  }
  disk_.cut();
  life->history.reset();
  life->store.reset();
  life->checkpoint.reset();
  if (is_power_cut) {
    disk_.restore();
  } else {
    disk_.process_died();
  }
  return life;
}

void FakeController::kill() {
  const auto life = die(false);
  for (auto& [session, connection] : life->nodes) {
    timeline_.after(milliseconds(1), connection.closed);
  }
  for (auto& [client, connection] : life->clients) {
    timeline_.after(milliseconds(1), connection.closed);
  }
}

void FakeController::cut_power() {
  const auto life = die(true);
  for (auto& [session, connection] : life->nodes) {
    timeline_.after(milliseconds(rng_.between(1, 8000)), connection.closed);
  }
  for (auto& [client, connection] : life->clients) {
    timeline_.after(milliseconds(rng_.between(1, 8000)), connection.closed);
  }
}

void FakeController::set_disk_full(bool full) {
  is_disk_full_ = full;
  disk_.set_full(full);
}

void FakeController::later(Duration delay, std::function<void()> work) {
  timeline_.after(delay, [this, weak = std::weak_ptr(life_), work = std::move(work)] {
    if (weak.lock() != nullptr && weak.lock() == life_) {
      work();
    }
  });
}

void FakeController::arrive(std::function<void(ctld::Controller&)> work) {
  life_->inbox.push_back(std::move(work));
  if (!life_->turn_due) {
    life_->turn_due = true;
    // Some turns take up several arrivals.
    later(microseconds(rng_.between(1, 100)), [this] { turn(); });
  }
}

void FakeController::turn() {
  auto& controller = *life_->controller;
  life_->turn_due = false;
  controller.begin_turn(wall(), Duration{timeline_.now().us});
  auto inbox = std::exchange(life_->inbox, {});
  for (auto& work : inbox) {
    work(controller);
  }
  const auto promise = first_promise();
  while (!controller.plan(1000)) {
  }
  const ctld::Machine& machine = controller.machine();
  const bool is_overtaken =
      promise.has_value() &&
      testing::is_overtaken(machine.state(), machine.now(), machine.policies(), *promise);
  checks_.after_pass(promise, is_overtaken ? std::nullopt : first_promise());
  controller.end_turn();
  checks_.after_turn(controller.machine().state());
  continue_checkpoint();
  if (drop_rng_.chance(plan_dropped, 1000)) {
    controller.drop_plan();
  }
  if (rng_.chance(1, 100)) {
    checks_.replay_equals(controller.machine().state());
  }
}

std::optional<testing::Promise> FakeController::first_promise() const {
  const ctld::Machine& machine = life_->controller->machine();
  return testing::first_promise(machine.state(), machine.contact(), machine.now(),
                                machine.policies());
}

void FakeController::tick() {
  arrive([](ctld::Controller& c) { c.tick(); });
  later(seconds(1), [this] { tick(); });
}

void FakeController::append(ctld::Batch batch) {
  checks_.appended(batch);
  life_->syncing.push_back(std::move(batch));
  sync_soon(microseconds(rng_.between(80, 1500)) + disk_delay);
}

/// Behind the batches before it, as the store thread reads.
void FakeController::read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) {
  later(microseconds(rng_.between(80, 3000)), [this, hash, done = std::move(done)] {
    if (!life_->syncing.empty()) return read_blob(hash, done);
    arrive([done, bytes = life_->store->read_blob(hash)](ctld::Controller&) { done(bytes); });
  });
}

/// One commit at a time: what is appended meanwhile goes with the next.
void FakeController::sync_soon(Duration delay) {
  if (life_->sync_due) return;
  life_->sync_due = true;
  later(delay, [this] {
    life_->sync_due = false;
    sync();
  });
}

void FakeController::sync() {
  auto& life = *life_;
  const auto done = life.store->append(life.syncing);
  if (!done && done.error().code == Code::storage_full) {
    if (!is_disk_full_) checks_.complain("a disk with room was called full");
    life.knows_disk_full = true;
    life.controller->storage_full(true);
    return sync_soon(full_disk_retry);
  }
  if (!done) return checks_.complain("a commit failed: " + done.error().message);
  const std::uint64_t last = life.syncing.back().last_sequence();
  life.syncing.clear();
  checks_.committed(last);
  life.knows_disk_full = false;
  life.controller->storage_full(false);
  life.controller->committed(last);
  continue_checkpoint();
  if (rng_.chance(1, 50)) static_cast<void>(life.store->tidy());
}

/// Slices between turns: some are left for the next.
void FakeController::continue_checkpoint() {
  while (life_->controller->continue_checkpoint() && !rng_.chance(1, 3)) {
  }
}

bool FakeController::checkpointed(const Result<void>& done) {
  if (done) return true;
  if (done.error().code != Code::storage_full || !is_disk_full_) {
    checks_.complain("a checkpoint failed: " + done.error().message);
  }
  life_->checkpoint_failed = true;
  later(microseconds(50),
        [this, error = done.error()] { life_->controller->checkpoint_failed(error); });
  return false;
}

void FakeController::begin() {
  life_->checkpoint_failed = false;
  static_cast<void>(checkpointed(life_->checkpoint->abandon()));
}

void FakeController::put(std::vector<ctld::Chunk> chunks) {
  if (!life_->checkpoint_failed) static_cast<void>(checkpointed(life_->checkpoint->put(chunks)));
}

void FakeController::make_valid(std::uint64_t sequence) {
  if (life_->checkpoint_failed || !checkpointed(life_->checkpoint->make_valid(sequence))) return;
  later(microseconds(rng_.between(50, 20'000)), [this, sequence] {
    life_->controller->checkpoint_lasted(sequence);
    static_cast<void>(life_->checkpoint->clean(rng_.below(4)));
  });
}

/// A part at a time, as the store thread does between commits.
void FakeController::cut(std::uint64_t sequence) {
  static_cast<void>(life_->store->cut(sequence, rng_.below(50)));
}

void FakeController::list_blobs(const Hash& after,
                                std::size_t most,
                                std::function<void(Result<std::vector<Hash>>)> done) {
  done(life_->store->list_blobs(after, most));
}

void FakeController::drop_blobs(std::vector<Hash> hashes) {
  static_cast<void>(life_->store->drop_blobs(hashes));
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
