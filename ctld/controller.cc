// A turn, from what arrived to what leaves.
#include "ctld/controller.h"

#include <utility>

#include "common/text.h"
#include "ctld/replay.h"

namespace cox::ctld {

Controller::Controller(ControllerParts parts)
    : journal_(parts.journal),
      cluster_key_(std::move(parts.cluster_key)),
      log_(parts.log),
      state_dir_(parts.about.state_dir),
      history_(parts.history, parts.log),
      machine_(parts.policies),
      outputs_(parts.nodes, parts.clients),
      nodes_(machine_, outputs_, journal_, cluster_key_, log_),
      programs_(machine_, outputs_, parts.programs),
      configs_(machine_, parts.configs),
      clients_(machine_,
               outputs_,
               parts.clients,
               parts.users,
               history_,
               configs_,
               nodes_,
               cluster_key_,
               log_,
               parts.about),
      keeper_(machine_, journal_, parts.checkpoints, log_),
      sweep_(machine_, journal_),
      keeps_history_(parts.history != nullptr) {
  machine_.keep_history(&history_);
  machine_.seed_keys(parts.key_seed);
  nodes_.on_processes(
      [this](NodeId node, const wire::Processes& told) { clients_.node_told(node, told); },
      [this](NodeId node) { clients_.node_lost(node); });
  configs_.on_change([this] { nodes_.tell_terms(); });
}

Result<void> Controller::recover(Store& store, CheckpointStore* checkpoint) {
  const std::uint64_t held = checkpoint == nullptr ? 0 : checkpoint->sequence();
  Replay replay(machine_);
  Result<void> restored;
  if (held != 0) restored = replay.restore(*checkpoint);
  const std::uint64_t sequence = restored ? held : 0;
  history_.begin();
  auto loaded = store.load(sequence, [this, &replay](const FoundRecord& found) -> Result<void> {
    replay.take(found);
    history_.replayed(machine_.last_sequence());
    return {};
  });
  if (!restored && machine_.last_sequence() < held) return lost_state(restored.error(), held);
  if (!loaded) return loaded;
  is_checkpoint_bad_ = !restored;
  if (is_checkpoint_bad_) {
    log_.error(restored.error().message +
               ": everything is made again from the journal, which is whole");
  }
  aside_ = replay.result();
  committed_ = machine_.last_sequence();
  history_.recovered(committed_);
  keeper_.recovered(sequence);
  note_history();
  return {};
}

/// The journal alone does not tell all that the checkpoint did.
Failure Controller::lost_state(const Error& error, std::uint64_t held) const {
  return fail(Code::internal,
              error.message + "; the journal does not have all of the " + std::to_string(held) +
                  " facts in it: the jobs and nodes of the others are lost, history.db has those "
                  "that ended. Put back a copy of " +
                  state_dir_ + ", or move it away to begin anew without jobs");
}

Result<void> Controller::start(Instant wall,
                               Duration monotonic,
                               const config::Config& config,
                               const StartFile& file) {
  machine_.start(wall, monotonic);
  if (auto begun = machine_.ask(core::BeginEpoch{}); !begun) return begun;
  if (auto done = put_aside(); !done) return done;
  const auto note = [this](const std::string& text) { log_.warning(text); };
  if (auto done = configs_.start(config, file, note); !done) return done;
  // Whatever the controller before was at: nobody will say any more how it ended.
  programs_.carry_out(core::unfinished_errands(machine_.state()));
  end_turn();
  return {};
}

Result<void> Controller::put_aside() {
  for (const auto& job : aside_.jobs) {
    log_.error("job " + std::to_string(job.job.value) + " is put aside with " +
               std::to_string(job.aside.size()) + " records: " + job.why);
  }
  for (const auto& lost : aside_.lost) log_.error(lost.why);
  const core::Quarantine aside = std::exchange(aside_, {});
  return machine_.ask(aside);
}

void Controller::begin_turn(Instant wall, Duration monotonic) {
  machine_.begin_turn(wall, monotonic);
}

void Controller::client_opened(ClientId client, const Caller& caller) {
  clients_.opened(client, caller);
}

void Controller::joiner_opened(ClientId client, const std::string& token) {
  clients_.joiner_opened(client, token);
}

void Controller::client_closed(ClientId client) {
  clients_.closed(client);
}

void Controller::client_said(ClientId client, const wire::ClientRequest& request) {
  urgent_ += clients_.is_change(request) ? 1 : 0;
  clients_.said(client, request);
}

void Controller::node_opened(Session session, std::string name) {
  nodes_.opened(session, std::move(name));
}

void Controller::node_closed(Session session) {
  nodes_.closed(session);
}

void Controller::node_said(Session session, const wire::NodeMessage& message) {
  urgent_ += message.has_heartbeat() ? 0 : 1;
  nodes_.said(session, message);
  // A short step may end within this turn, and its clients want its output all the same.
  if (message.has_prepared() || message.has_step_prepared()) carry_out();
}

void Controller::tick() {
  if (auto asked = machine_.ask(core::CheckTime{}); !asked) {
    log_.error("check of time: " + asked.error().message);
  }
  nodes_.tick();
  forget_jobs();
  if (!full_) sweep_.tick();
  clients_.tick();
}

/// Only with room on the disk: nothing here is urgent.
void Controller::forget_jobs() {
  const auto history = keeper_.history();
  if (full_ || !history) return;
  auto due = machine_.retention().take_due(machine_.state(), machine_.now(), *history);
  if (due.empty()) return;
  if (auto asked = machine_.ask(core::ForgetJobs{std::move(due)}); !asked) {
    log_.error("forgetting ended jobs: " + asked.error().message);
  }
}

bool Controller::plan(std::size_t steps) {
  const bool listed = continue_lists();
  return plan_jobs(steps) && listed;
}

bool Controller::plan_jobs(std::size_t steps) {
  // With a full disk nothing new is begun: its facts could not be kept. Nor before an end.
  return full_ || clients_.is_stopping() || machine_.plan(steps);
}

bool Controller::continue_lists() {
  return !(clients_.continue_lists() && clients_.has_lists());
}

void Controller::end_turn() {
  carry_out();
  if (Batch batch = machine_.take_batch(); batch.count != 0) {
    const std::uint64_t facts = batch.count;
    const std::uint64_t bytes = batch.records.size();
    journal_.append(std::move(batch));
    keeper_.end_turn(facts, bytes);
  }
  outputs_.release(committed_);
  if (full_) storage_full(true);
}

/// Effects may be refused by what they lead to (content that is gone), which makes new facts.
void Controller::carry_out() {
  for (;;) {
    const Changes changes = machine_.take_changes();
    for (const Note& note : changes.notes) {
      const RequestScope scope(note.request);
      log_.info(note.text);
    }
    const bool is_done = changes.effects.empty() && changes.errands.empty() &&
                         changes.jobs.empty() && changes.turns.empty() && changes.heard.empty();
    if (is_done) return;
    nodes_.carry_out(changes.effects);
    programs_.carry_out(changes.errands);
    clients_.notify(changes);
  }
}

void Controller::history_written(std::uint64_t sequence) {
  history_.written(sequence);
  note_history();
}

/// Once this was said, no checkpoint holds more than history does: what history lacks is replayed.
void Controller::note_history() {
  if (keeps_history_) keeper_.history_written_to(history_.complete_to());
}

void Controller::committed(std::uint64_t sequence) {
  committed_ = sequence;
  history_.committed(sequence);
  note_history();
  keeper_.committed(sequence);
  if (auto unused = machine_.blob_counts().take_unused(sequence); !unused.empty()) {
    for (const Hash& hash : unused) machine_.blobs().forget(hash);
    journal_.drop_blobs(std::move(unused));
  }
  clients_.count_sync();
  outputs_.release(committed_);
}

void Controller::finish_checkpoint(std::uint64_t sequence) {
  keeper_.committed(sequence);
  keeper_.finish();
}

void Controller::storage_full(bool full) {
  if (full != full_) {
    if (full) {
      log_.error("the disk of " + state_dir_ + " is full: changes are refused");
    } else {
      log_.info("the disk of " + state_dir_ + " has room again");
    }
  }
  full_ = full;
  clients_.set_storage_full(full);
  if (full) {
    outputs_.release_reads(
        "the controller's disk is full: changes are refused, and what came last may not be on "
        "disk");
  }
}

}  // namespace cox::ctld
