// A world around a Controller for tests: a journal in memory that commits when told, connections
// that keep what was sent, and users that are known at once. Messages pass through their bytes.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ctld/controller.h"
#include "ctld/store/record.h"
#include "plugins/priority/fifo/fifo.h"
#include "plugins/select/linear/linear.h"
#include "wire/model_codec.h"

namespace cox::ctld {

/// What a disk would hold.
class MemoryStore final : public Store {
 public:
  Result<void> append(const std::vector<Batch>& batches) override {
    for (const Batch& batch : batches) {
      for (const Blob& blob : batch.blobs) blobs_[blob.hash] = *blob.bytes;
      batches_.push_back(batch);
    }
    return {};
  }

  Result<void> load(std::uint64_t after, const Visitor& visit) override {
    for (const Batch& batch : batches_) {
      std::uint64_t sequence = batch.first_sequence;
      auto read = for_each_record_left(
          batch.records, batch.count, [&](std::string_view record, bool is_whole) -> Result<void> {
            const FoundRecord found{sequence++, batch.epoch, record, is_whole};
            return found.sequence <= after ? Result<void>{} : visit(found);
          });
      if (!read) return read;
    }
    return {};
  }

  Result<bool> cut(std::uint64_t sequence, std::size_t) override {
    std::erase_if(batches_, [&](const Batch& one) { return one.last_sequence() <= sequence; });
    return true;
  }

  Result<void> drop_blobs(const std::vector<Hash>& hashes) override {
    for (const Hash& hash : hashes) blobs_.erase(hash);
    return {};
  }

  Result<std::string> read_blob(const Hash& hash) override {
    const auto blob = blobs_.find(hash);
    if (blob == blobs_.end()) return fail(Code::not_found, "no blob");
    return blob->second;
  }

  Result<std::vector<Hash>> list_blobs(const Hash& after, std::size_t most) override {
    std::vector<Hash> found;
    for (auto blob = blobs_.upper_bound(after); blob != blobs_.end() && found.size() < most; ++blob)
      found.push_back(blob->first);
    return found;
  }

  void leave_behind(const Hash& hash) { blobs_[hash] = "of a crash"; }

  void lose_blobs() { blobs_.clear(); }

  Result<void> tidy() override { return {}; }

  std::uint64_t untidy_bytes() const override { return 0; }

  const std::vector<Batch>& batches() const { return batches_; }

  std::size_t blobs() const { return blobs_.size(); }

 private:
  std::vector<Batch> batches_;
  std::map<Hash, std::string> blobs_;
};

class FakeWorld : public Journal, public NodeLinks, public ClientLinks, public Users {
 public:
  /// With a checkpoint that cannot be used it is not started: see recovered().
  explicit FakeWorld(MemoryStore& store,
                     History* history = nullptr,
                     CheckpointStore* checkpoint = nullptr,
                     std::optional<Uid> only_user = std::nullopt)
      : store_(store) {
    controller_ = std::make_unique<Controller>(ControllerParts{{&select_, &priority_},
                                                               *this,
                                                               *this,
                                                               *this,
                                                               *this,
                                                               std::string(32, 'k'),
                                                               {"/state", "local", 1, only_user},
                                                               Log(-1),
                                                               nullptr,
                                                               history});
    recovered_ = controller_->recover(store, checkpoint);
    EXPECT_TRUE(recovered_ || checkpoint != nullptr);
    if (!recovered_) return;
    EXPECT_TRUE(controller_->start(now_, Duration{now_.us}, config::Config{}));
    commit();
  }

  const Result<void>& recovered() const { return recovered_; }

  Controller& controller() { return *controller_; }

  const core::State& state() const { return controller_->machine().state(); }

  /// One turn in which `work` happens, planned to the end. Commits, unless held.
  template <class Work>
  void turn(Work work) {
    now_ = now_ + milliseconds(1);
    controller_->begin_turn(now_, Duration{now_.us});
    work();
    while (!controller_->plan(16)) {
    }
    controller_->end_turn();
    if (!hold_commits) commit();
  }

  void pass(Duration time) {
    now_ = now_ + time;
    turn([this] { controller_->tick(); });
  }

  /// Everything handed to the journal so far lasts.
  void commit() {
    std::vector<Batch> batches = std::exchange(waiting_, {});
    if (batches.empty()) return;
    EXPECT_TRUE(store_.append(batches));
    controller_->committed(batches.back().last_sequence());
  }

  ClientId connect(Caller caller) {
    const ClientId client(++last_client_);
    turn([&] { controller_->client_opened(client, caller); });
    return client;
  }

  void say(ClientId client, const wire::ClientRequest& request) {
    turn([&] { controller_->client_said(client, request); });
  }

  void say(Session session, const wire::NodeMessage& message) {
    turn([&] { controller_->node_said(session, message); });
  }

  /// A node of `cores` cores that registers.
  Session join(const std::string& name, unsigned cores = 4) {
    const Session session(++last_session_);
    turn([&] { controller_->node_opened(session, name); });
    wire::NodeMessage message;
    wire::put(inventory(name, cores), message.mutable_register_()->mutable_inventory());
    say(session, message);
    return session;
  }

  static NodeInventory inventory(const std::string& name, unsigned cores) {
    NodeInventory made;
    made.name = name;
    made.boot_id = "boot of " + name;
    made.node_class.cores.resize(cores);
    made.memory_mib = {8192};
    made.containment = "none";
    made.version = "test";
    return made;
  }

  /// What the client heard since the last call.
  std::vector<wire::ClientReply> heard(ClientId client) {
    std::vector<wire::ClientReply> replies;
    for (const std::string& payload : std::exchange(to_clients_[client], {})) {
      EXPECT_TRUE(replies.emplace_back().ParseFromString(payload));
    }
    return replies;
  }

  std::vector<wire::ControllerMessage> heard(Session session) {
    std::vector<wire::ControllerMessage> messages;
    for (const std::string& payload : std::exchange(to_nodes_[session], {})) {
      EXPECT_TRUE(messages.emplace_back().ParseFromString(payload));
    }
    return messages;
  }

  bool is_dropped(Session session) const { return dropped_.contains(session); }

  void cut(std::uint64_t sequence) override { EXPECT_TRUE(store_.cut(sequence, 1)); }

  void drop_blobs(std::vector<Hash> hashes) override { EXPECT_TRUE(store_.drop_blobs(hashes)); }

  void append(Batch batch) override { waiting_.push_back(std::move(batch)); }

  void read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) override {
    if (hold_reads) {
      reads_.emplace_back(hash, std::move(done));
    } else {
      done(store_.read_blob(hash));
    }
  }

  /// Answers the reads that were held, in one turn.
  void answer_reads() {
    turn([this] {
      for (auto& [hash, done] : std::exchange(reads_, {})) done(store_.read_blob(hash));
    });
  }

  void list_blobs(const Hash& after,
                  std::size_t most,
                  std::function<void(Result<std::vector<Hash>>)> done) override {
    done(store_.list_blobs(after, most));
  }

  std::size_t reads_held() const { return reads_.size(); }

  void send(Session session, const std::string& payload) override {
    to_nodes_[session].push_back(payload);
  }

  void drop(Session session) override { dropped_[session] = true; }

  void send(ClientId client, const std::string& payload) override {
    to_clients_[client].push_back(payload);
  }

  std::size_t queued_bytes(ClientId) const override { return 0; }

  void resolve(Uid uid,
               std::uint32_t gid,
               std::function<void(Result<UserIdentity>)> done) override {
    done(UserIdentity{uid, gid, {}, "user" + std::to_string(uid), "/home/u", "/bin/sh"});
  }

  bool hold_commits = false;
  bool hold_reads = false;

 private:
  MemoryStore& store_;
  plugins::LinearSelect select_;
  plugins::FifoPriority priority_;
  std::unique_ptr<Controller> controller_;
  Result<void> recovered_;
  Instant now_{1'700'000'000'000'000};
  std::vector<Batch> waiting_;
  std::vector<std::pair<Hash, std::function<void(Result<std::string>)>>> reads_;
  std::map<ClientId, std::vector<std::string>> to_clients_;
  std::map<Session, std::vector<std::string>> to_nodes_;
  std::map<Session, bool> dropped_;
  std::uint64_t last_client_ = 0;
  std::uint64_t last_session_ = 0;
};

}  // namespace cox::ctld
