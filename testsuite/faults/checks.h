// The promises, checked after every turn of the controller against what the journal says and what
// the watcher saw.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/state.h"
#include "ctld/store/store.h"
#include "testsuite/faults/watch.h"

namespace cox::faults {

class Checks {
 public:
  explicit Checks(Watch& watch) : watch_(watch) {}

  /// Prints each fact as it is appended, for looking into one seed.
  bool prints_facts = false;

  /// A reply promised this id for this key.
  void acknowledged(const ClientKey& key, JobId job);

  /// A batch left the loop: its facts are looked at one by one.
  void appended(const ctld::Batch& batch);
  /// Batches that a crash took back.
  void lost(const std::vector<ctld::Batch>& batches);

  void after_turn(const core::State& state);
  /// Replays the journal from the start and compares. Costs as much as the journal is long.
  void replay_equals(const core::State& state);

  /// Hash of every fact so far: equal seeds give equal traces.
  std::uint64_t trace() const { return trace_; }

  std::uint64_t facts() const { return facts_; }

  const std::map<ClientKey, JobId>& acknowledged_jobs() const { return acknowledged_; }

  /// Attempts that a lost node may still run beside a newer one.
  bool is_excused(JobId job, Attempt attempt) const { return excused_.count({job, attempt}) != 0; }

 private:
  void look(const core::Fact& fact);

  Watch& watch_;
  std::map<ClientKey, JobId> acknowledged_;
  std::vector<ctld::Batch> journal_;
  std::map<JobId, Attempt> started_;
  std::set<JobId> ended_;
  std::map<AttemptKey, std::set<NodeId>> holders_;
  std::set<AttemptKey> excused_;
  std::uint64_t trace_ = 14'695'981'039'346'656'037ULL;
  std::uint64_t facts_ = 0;
};

}  // namespace cox::faults
