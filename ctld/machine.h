// The core with what it works on: State, Plan, Contact, and beside them the contents that
// effects need. Turns requests into facts, numbers them and gathers what they ask for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "core/core.h"
#include "core/schedule/plan.h"
#include "ctld/blob_counts.h"
#include "ctld/blob_table.h"
#include "ctld/checkpoint.h"
#include "ctld/late_steps.h"
#include "ctld/retention.h"
#include "ctld/store/store.h"
#include "ctld/tally.h"
#include "ctld/turn_clock.h"
#include "model/time.h"

namespace cox::ctld {

/// A line for the log, and the client's request that caused it; 0: none did.
struct Note {
  std::string text;
  std::uint64_t request = 0;
};

/// What the facts of a turn changed and ask for.
struct Changes {
  core::Effects effects;
  core::Errands errands;
  std::vector<JobId> jobs;   // with facts; with repeats, in order
  std::vector<JobId> turns;  // of partitions in which another row has its turn
  std::vector<Note> notes;   // for the log
  std::vector<JobId> heard;  // of which a node said where supervisors listen
};

class HistoryDesk;

class Machine {
 public:
  explicit Machine(core::Policies policies);

  /// What clients cannot know, so that no choice of keys makes their table slow. Before all else.
  void seed_keys(std::uint64_t seed) { state_.index.job_by_key.set_seed(seed); }

  /// State as a checkpoint holds it, after fact number `sequence`. Before any replay.
  void restore(core::Record record, std::uint64_t sequence);

  /// Shows every fact to `history` before State changes. Before the first fact.
  void keep_history(HistoryDesk* history) { history_ = history; }

  /// A fact of the journal. Facts come in order, before anything is asked.
  void replay(const core::Fact& fact);
  /// The same where it may not fit: then State is as before, and the fact does not count.
  /// error: internal with the assertion that broke
  Result<void> try_replay(const core::Fact& fact);

  /// Facts of the journal that are not evolved count all the same.
  void skip(std::uint64_t facts = 1) { last_sequence_ += facts; }

  /// An epoch that the journal knows, although its fact cannot be read.
  void raise_epoch(Epoch epoch);
  /// Everything was replayed; heartbeats count from `now` on.
  void start(Instant now, Duration monotonic);
  /// One `now` per turn, which never goes back.
  void begin_turn(Instant wall, Duration monotonic);

  Instant now() const { return now_; }

  /// Observes, decides, evolves. error: the refusal; nothing was changed
  Result<void> ask(const core::Request& request);
  /// The same with content that the request's hashes stand for.
  Result<void> ask(const core::Request& request, std::vector<Blob> contents);
  /// After a registration's own facts: what the node should do about what it holds.
  void reconcile(NodeId node, const std::vector<core::HeldAttempt>& held);
  /// Looks at up to `steps` class heads. False while there is more to look at.
  bool plan(std::size_t steps);

  /// Forgets the plan, which changes no decision: the fault simulation does it at random.
  void drop_plan() { plan_.drop(); }

  /// The facts since the last call; count is 0 when there are none.
  Batch take_batch();
  Changes take_changes();

  /// Number of the last fact; 0 before the first.
  std::uint64_t last_sequence() const { return last_sequence_; }

  const core::State& state() const { return state_; }

  const core::Contact& contact() const { return contact_; }

  const core::Plan& plan() const { return plan_; }

  const LateSteps& late_steps() const { return late_steps_; }

  const core::Policies& policies() const { return policies_; }

  /// Plans anew by other policies.
  void use_policies(const core::Policies& policies);

  const JobTally& tally() const { return tally_; }

  Checkpoint& checkpoint() { return checkpoint_; }

  Retention& retention() { return retention_; }

  BlobCounts& blob_counts() { return blob_counts_; }

  BlobTable& blobs() { return blobs_; }

 private:
  void learn(const core::Facts& facts);
  void learn(const core::Fact& fact);
  void settle();
  void change(const core::Fact& fact);
  void note(const core::Fact& fact);
  void note_turn(const core::RowTurned& fact);
  void add(const core::Effects& effects);

  core::Policies policies_;
  HistoryDesk* history_ = nullptr;
  core::State state_;
  core::Contact contact_;
  LateSteps late_steps_;
  core::Plan plan_;
  BlobTable blobs_;
  Checkpoint checkpoint_;
  TurnClock clock_;
  Retention retention_;
  JobTally tally_;
  BlobCounts blob_counts_;
  Instant now_;
  std::uint64_t last_sequence_ = 0;
  Batch batch_;
  Changes changes_;
  std::string record_;  // kept for its capacity
};

}  // namespace cox::ctld
