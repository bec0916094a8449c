// The promises, checked after every turn of the controller against what the journal says and what
// the watcher saw.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/state.h"
#include "ctld/store/history.h"
#include "ctld/store/store.h"
#include "testsuite/faults/timeline.h"
#include "testsuite/faults/watch.h"
#include "testsuite/support/promises.h"

namespace cox::faults {

/// The time limit of every job.
inline constexpr Duration job_limit = minutes(10);

class Checks {
 public:
  Checks(Watch& watch, const Timeline& timeline) : watch_(watch), timeline_(timeline) {}

  /// Prints each fact as it is appended, for looking into one seed.
  bool prints_facts = false;
  /// Of history.db.
  std::function<Result<ctld::HistoryPage>(const ctld::HistoryFilter&)> read_history;
  /// Nothing but the controller and its clients is disturbed: no running job may notice.
  bool is_undisturbed = false;
  /// No node ever reports less memory.
  bool memory_stays = false;
  /// Every configuration that was ever sent: in force is one of them, whole.
  std::vector<Settings> sent_settings;

  void complain(const std::string& what) { watch_.complain(what); }

  /// A reply promised this id for this key. True when it is the first.
  bool acknowledged(const ClientKey& key, JobId job);

  /// A batch left the loop: its facts are looked at one by one.
  void appended(const ctld::Batch& batch);

  /// The store said that everything up to `sequence` lasts.
  void committed(std::uint64_t sequence) { committed_ = sequence; }

  /// A new controller found this much: never less than what was committed, and whole batches.
  void recovered(std::uint64_t sequence);

  void after_turn(const core::State& state);
  /// history.db has a row for everything that ended, the one that the facts make, and no other.
  void history_equals();
  /// What the first waiting job was promised before a pass it has after it, unless it started.
  void after_pass(const std::optional<testing::Promise>& before,
                  const std::optional<testing::Promise>& after);
  /// Replays the journal from the start and compares, as after_turn does with what came since.
  /// Costs as much as the journal is long.
  void replay_equals(const core::State& state);

  /// Hash of every fact so far: equal seeds give equal traces.
  std::uint64_t trace() const { return trace_; }

  std::uint64_t facts() const { return facts_; }

  const std::map<ClientKey, JobId>& acknowledged_jobs() const { return acknowledged_; }

  /// Jobs that left State.
  std::size_t forgotten() const { return forgotten_.size(); }

  /// Jobs that may run only once.
  const std::set<JobId>& single_runs() const { return single_runs_; }

  /// Attempts that a lost node may still run beside a newer one.
  bool is_excused(JobId job, Attempt attempt) const { return excused_.count({job, attempt}) != 0; }

  /// Every element of every array has ended, each once.
  void arrays_ended();

 private:
  void look(const core::Fact& fact);
  void look_at_forgotten(const core::JobsForgotten& fact);
  template <class Visit>
  void for_each_fact(Visit visit) const;
  void look_at_arrays(const core::Fact& fact);
  void look_at_suspended(const core::Fact& fact);
  void check_arrays(const core::State& state);
  void check_rows(const core::State& state);
  void check_memory(const core::State& state);
  void look_at_administrators(const core::Fact& fact);
  void check_settings(const core::State& state);
  void look_at_disturbance(const core::Fact& fact);
  void look_at_labels(const core::JobStarted& started, const core::Job& job);
  void look_at_licenses(const core::Fact& fact);
  void take_licenses(const core::JobStarted& started, const core::Job& job);

  Watch& watch_;
  const Timeline& timeline_;
  std::uint64_t committed_ = 0;
  std::map<ClientKey, JobId> acknowledged_;
  std::vector<ctld::Batch> journal_;
  core::State replayed_;  // what the facts of the journal, as they are written there, make
  std::map<JobId, Attempt> started_;
  std::map<JobId, ArraySpec> arrays_;
  /// Elements that left their array's record: as a job, or cancelled (0).
  std::map<std::pair<JobId, std::uint32_t>, JobId> elements_;
  std::map<JobId, Instant> truly_started_;  // by the time that nobody sets
  std::set<JobId> ended_, forgotten_, single_runs_;
  std::map<AttemptKey, std::set<NodeId>> holders_;
  std::map<JobId, std::vector<LicenseRequest>> licensed_;  // those that hold some
  std::set<AttemptKey> excused_;
  std::set<NodeId> aside_;
  std::set<std::string> partitions_down_;
  std::uint32_t revision_ = 0;  // of the configuration that was looked at
  std::uint64_t trace_ = 14'695'981'039'346'656'037ULL;
  std::uint64_t facts_ = 0;
};

}  // namespace cox::faults
