// What is behind a Daemon: the members that daemon.cc (turns, store, timers) and daemon_links.cc
// (connections) share.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctld/blocking_pool.h"
#include "ctld/controller.h"
#include "ctld/daemon.h"
#include "ctld/link_table.h"
#include "ctld/pass_pace.h"
#include "ctld/state_dir.h"
#include "ctld/store/checkpoint_thread.h"
#include "ctld/store/history_thread.h"
#include "ctld/store/store_thread.h"
#include "ctld/tally.h"
#include "link/link.h"
#include "link/munge_source.h"
#include "platform/loop.h"
#include "plugins/policies.h"

namespace cox::ctld {

/// What initialises a list of what cannot be copied.
inline std::deque<plugins::PolicySet> only(plugins::PolicySet set) {
  std::deque<plugins::PolicySet> all;
  all.push_back(std::move(set));
  return all;
}

/// Secret, and another in every run.
std::uint64_t random_seed();
About about_us(const std::string& state_path, const Settings& settings, const Measured* measured);

struct Daemon::Body final : Journal, Checkpoints, Users, History, Configs, HostPrograms {
  Body(DaemonOptions chosen,
       StateDir directory,
       plugins::PolicySet set,
       std::unique_ptr<platform::Loop> made)
      : options(std::move(chosen)),
        dir(std::move(directory)),
        policies(only(std::move(set))),
        loop(std::move(made)),
        controller({{policies.front().select.get(), policies.front().priority.get()},
                    *this,
                    links,
                    links,
                    *this,
                    dir.cluster_key,
                    about_us(dir.state_path, options.config.settings, &measured),
                    options.log,
                    this,
                    this,
                    random_seed(),
                    this,
                    this}),
        programs(*loop, dir.path + "/programs-ctld") {}

  // Journal: the store thread, which answers through the loop.
  void append(Batch batch) override { store_thread->append(std::move(batch)); }

  void read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) override;

  void list_blobs(const Hash& after,
                  std::size_t most,
                  std::function<void(Result<std::vector<Hash>>)> done) override;

  void cut(std::uint64_t sequence) override {
    if (store_thread) store_thread->cut(sequence);
  }

  void drop_blobs(std::vector<Hash> hashes) override {
    if (store_thread) store_thread->drop_blobs(std::move(hashes));
  }

  // Checkpoints: their own thread, which answers through the loop.
  void begin() override { checkpoint_thread->begin(); }

  void put(std::vector<Chunk> chunks) override { checkpoint_thread->put(std::move(chunks)); }

  void make_valid(std::uint64_t sequence) override { checkpoint_thread->make_valid(sequence); }

  // Users: the pool, which answers within a turn.
  void resolve(Uid uid, std::uint32_t gid, std::function<void(Result<UserIdentity>)> done) override;

  // Configs: read in the pool. Policies once made are kept, whoever uses which.
  void read_config(std::string text,
                   std::string name,
                   std::function<void(Result<config::Config>)> done) override;
  Result<core::Policies> make_policies(const Settings& settings) override;

  // HostPrograms: processes, whose ends the loop hears of.
  std::uint64_t run_program(platform::ProgramRun run,
                            std::function<void(const platform::ProgramEnd&)> done) override;

  void kill_program(std::uint64_t run) override { programs.kill(run); }

  // History: a thread that writes, the pool to read.
  std::uint64_t sequence() const override { return history_sequence; }

  void append(std::shared_ptr<const HistoryRows> rows) override {
    history_thread->append(std::move(rows));
  }

  void catch_up() override { history_thread->catch_up(); }

  void query(HistoryFilter filter, std::function<void(Result<HistoryPage>)> done) override;

  void end_left_programs();
  Result<void> open_store();
  Result<std::unique_ptr<Store>> mended_store(const JournalDamage& damage) const;
  void open_history();
  void read_history();
  Result<HistoryPage> read(const HistoryFilter& filter);
  Result<HistoryPage> read_file(const HistoryFilter& filter);
  Result<void> listen(const platform::Address& address);
  void opened(const std::shared_ptr<link::Link>& link);
  void opened_node(const std::shared_ptr<link::Link>& link);
  void opened_client(const std::shared_ptr<link::Link>& link);
  void opened_forward(const std::shared_ptr<link::Link>& link);
  bool take_vouched(ClientId client, const std::string& frame, const std::string& node);
  void node_frames(Session session, const std::vector<std::string>& frames);
  void client_frames(ClientId client, const std::vector<std::string>& frames);
  void close_node(Session session);
  void close_client(ClientId client);
  void bury(LinkTable::Link link);

  void touch();
  void end_turn();
  void continue_checkpoint();
  void finish_checkpoint();
  void close_stuck();
  void check_files() const;
  void listen_again();
  void tick();
  void wake_at(Instant wake);
  void reopen_log();
  void leave();
  [[noreturn]] void storage_failed(const Error& error) const;

  std::string journal_path() const { return dir.state_path + "/journal.db"; }

  DaemonOptions options;
  StateDir dir;
  std::deque<plugins::PolicySet> policies;
  std::unique_ptr<platform::Loop> loop;
  LinkTable links;
  std::shared_ptr<link::Admission> admission;
  link::MungeSource munge;
  Measured measured;
  Controller controller;
  platform::Programs programs;
  PassPace pace{[this] { return loop->monotonic(); }};
  platform::FileIdentity journal_file;
  std::optional<Instant> wake;
  bool reader_awaited = false;
  bool in_turn = false;
  bool leaving = false;

  struct HistoryRead {
    HistoryFilter filter;
    std::function<void(Result<HistoryPage>)> done;
  };

  std::deque<HistoryRead> history_reads;          // the first is with the pool
  std::unique_ptr<HistoryReader> history_reader;  // of the call in the pool alone
  std::uint64_t history_sequence = 0;
  BlockingPool pool{2};
  bool slice_posted = false;  // a slice of the checkpoint comes after this turn
  // Last: they end, and commit, before the rest goes.
  std::unique_ptr<HistoryThread> history_thread;
  std::unique_ptr<CheckpointThread> checkpoint_thread;
  std::unique_ptr<StoreThread> store_thread;
};

}  // namespace cox::ctld
