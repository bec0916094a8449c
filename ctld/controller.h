// The controller without sockets, threads and clock: what the daemon drives with real ones, and the
// fault simulation with a fake world. A turn: begin_turn, whatever arrived, plan, end_turn.
// docs/ARCHITECTURE.md section 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/result.h"
#include "core/schedule/plan.h"
#include "ctld/blob_sweep.h"
#include "ctld/client_desk.h"
#include "ctld/config_desk.h"
#include "ctld/history_desk.h"
#include "ctld/keeper.h"
#include "ctld/log.h"
#include "ctld/machine.h"
#include "ctld/node_desk.h"
#include "ctld/output_queue.h"
#include "ctld/outside.h"
#include "ctld/program_desk.h"
#include "ctld/store/store.h"
#include "model/settings.h"
#include "wire/client.pb.h"
#include "wire/node.pb.h"

namespace cox::ctld {

struct ControllerParts {
  core::Policies policies;
  Journal& journal;
  NodeLinks& nodes;
  ClientLinks& clients;
  Users& users;
  std::string cluster_key;  // secret from which the keys of steps are made
  About about;
  Log log;
  Checkpoints* checkpoints = nullptr;  // null: none are taken, and the journal is never cut
  History* history = nullptr;          // null: nothing is kept of ended jobs
  std::uint64_t key_seed = core::KeyTable::seed_known;  // of the table of clients' keys
  Configs* configs = nullptr;        // null: files are read at once, and the policies never change
  HostPrograms* programs = nullptr;  // null: none is run, and nothing waits for one
};

class Controller {
 public:
  explicit Controller(ControllerParts parts);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Rebuilds State from the checkpoint, where there is one, and the later facts of `store`.
  /// Contents are read when a start needs them. What cannot be understood is put into quarantine by
  /// start(). error: internal when there is nothing to begin with
  Result<void> recover(Store& store, CheckpointStore* checkpoint = nullptr);

  /// The checkpoint could not be understood and the journal was enough: another has to be begun.
  bool is_checkpoint_bad() const { return is_checkpoint_bad_; }

  /// Begins a new epoch; a turn of its own, before any other. The first time under `config`; later
  /// the configuration of the journal stays in force, unless `file` replaces it.
  Result<void> start(Instant wall,
                     Duration monotonic,
                     const config::Config& config,
                     const StartFile& file = {});

  /// `monotonic` tells time that passed from a clock that was set.
  void begin_turn(Instant wall, Duration monotonic);
  void client_opened(ClientId client, const Caller& caller);
  /// A client that showed `token` (wire/join_token.h), and may ask for the key alone.
  void joiner_opened(ClientId client, const std::string& token);
  void client_closed(ClientId client);
  void client_said(ClientId client, const wire::ClientRequest& request);
  void node_opened(Session session, std::string name);
  void node_closed(Session session);
  void node_said(Session session, const wire::NodeMessage& message);
  /// About once a second, and at next_wake().
  void tick();
  /// A share of the pass and of long lists. False while there is more to do at once.
  bool plan(std::size_t steps);
  /// A share of the pass alone, and of long lists alone. False while there is more to do at once.
  bool plan_jobs(std::size_t steps);
  bool continue_lists();

  /// Requests that change something, and what nodes said, so far: while they come, lists can wait.
  std::uint64_t urgent() const { return urgent_; }

  void end_turn();

  /// The journal holds everything up to `sequence`. Between turns, not within one.
  void committed(std::uint64_t sequence);

  /// A slice of the checkpoint under way; between turns. False when there is nothing to do now.
  bool continue_checkpoint() { return keeper_.step(); }

  void checkpoint_lasted(std::uint64_t sequence) { keeper_.lasted(sequence); }

  void checkpoint_failed(const Error& error) { keeper_.failed(error); }

  /// Hands over the rows of a clean end, when everything up to `sequence` lasts.
  void finish_history(std::uint64_t sequence) { history_.committed(sequence); }

  /// The history holds everything up to `sequence`. Once it was called, no checkpoint holds more
  /// than the history does: the facts after it are replayed at a restart.
  /// Ended jobs leave memory only then.
  void history_written_to(std::uint64_t sequence) { keeper_.history_written_to(sequence); }

  /// The last checkpoint of a clean end, after the last turn, when everything up to `sequence`
  /// lasts.
  void finish_checkpoint(std::uint64_t sequence);

  void set_limits(const KeeperLimits& limits) { keeper_.set_limits(limits); }

  /// history.db holds the rows of all facts up to `sequence`.
  void history_written(std::uint64_t sequence);

  /// Rows up to there need no memory, although they are not all in history.db.
  void history_parked(std::uint64_t sequence) { history_.parked(sequence); }

  /// The journal's disk has no room, or has it again.
  void storage_full(bool full);

  std::uint64_t committed_to() const { return committed_; }

  Instant next_wake() const { return machine_.plan().next_wake(); }

  /// Lists wait only for slow readers.
  bool has_lists() const { return clients_.has_lists(); }

  /// A shutdown is complete and everything has left.
  bool wants_exit() const { return clients_.wants_exit() && outputs_.empty(); }

  const Machine& machine() const { return machine_; }

  const HistoryDesk& history() const { return history_; }

  /// Between turns.
  void drop_plan() { machine_.drop_plan(); }

 private:
  Failure lost_state(const Error& error, std::uint64_t held) const;
  Result<void> put_aside();
  void forget_jobs();
  void carry_out();
  void note_history();

  Journal& journal_;
  std::string cluster_key_;
  Log log_;
  std::string state_dir_;
  HistoryDesk history_;
  Machine machine_;
  OutputQueue outputs_;
  NodeDesk nodes_;
  ProgramDesk programs_;
  ConfigDesk configs_;
  ClientDesk clients_;
  Keeper keeper_;
  BlobSweep sweep_;
  const bool keeps_history_;
  core::Quarantine aside_;  // from recover() until start()
  std::uint64_t committed_ = 0;
  std::uint64_t urgent_ = 0;
  bool full_ = false;
  bool is_checkpoint_bad_ = false;
};

}  // namespace cox::ctld
