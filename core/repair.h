// Undoing a fact that could not be evolved to its end, at a restart only: what it was about is put
// back as it was, and the index is counted again from it.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/fact.h"
#include "core/state.h"

namespace cox::core {

/// The job whose past `fact` is part of: of an element that is split off its array; 0 for facts
/// about nodes, which may only name one.
JobId job_of(const Fact& fact);

class Undo {
 public:
  /// Remembers what `fact` is about to change. Cheap: a replay does it for each fact.
  Undo(const State& state, const Fact& fact);
  /// After an assertion broke in evolve().
  void restore(State& state) const;

 private:
  void restore_job(State& state) const;

  void remember_usage(const State& state, const Fact& fact);

  JobId id_;
  std::size_t pending_, live_;
  std::map<std::string, std::uint64_t> licenses_used_;
  bool had_counted_ = false;         // of the usage
  std::optional<Association> user_;  // whose usage the fact may change
  std::optional<AssociationUsage> usage_;
  Uid uid_ = 0;  // of the job's user, who had so many
  std::size_t unended_of_user_ = 0;
  std::optional<Job> job_;
  std::optional<Job> array_;   // of which the job is an element
  JobId element_;              // that the fact makes
  std::vector<NodeId> nodes_;  // whose shares the fact may have moved
  std::map<std::string, RowTurn> turns_;
  bool has_turns_ = false;  // jobs take turns
};

}  // namespace cox::core
