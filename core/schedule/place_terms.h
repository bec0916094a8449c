// What makes the places of many jobs at one moment: what all of them need is made once.
#pragma once

#include <optional>
#include <vector>

#include "core/fairshare/fair_tree.h"
#include "core/policy/priority.h"
#include "core/state.h"

namespace cox::core {

class PlaceTerms {
 public:
  PlaceTerms(const State& state, const PriorityPolicy& priority, Instant now)
      : state_(state), priority_(priority), now_(now) {}

  /// The summands of the job's priority in `partition`, and its tier; see priority_text().
  std::vector<PriorityTerm> of(const Job& job, const PartitionSettings& partition);

  const State& state() const { return state_; }

 private:
  const State& state_;
  const PriorityPolicy& priority_;
  Instant now_;
  std::optional<FairTree> shares_{};
};

}  // namespace cox::core
