// Who is how far from a fair share: every association has a rank in the tree of accounts.
// source: Cox, Christiansen: "Fair Tree: fairshare algorithm for Slurm", Brigham Young University,
// 2014. Where accounts are equally far, the first by name comes first.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/policy/fair_rank.h"
#include "core/state.h"

namespace cox::core {

class FairTree {
 public:
  FairTree() = default;
  /// Ranks every association that State knows, by what was charged to it.
  explicit FairTree(const State& state);

  /// Nothing for an association that State does not know.
  std::optional<FairRank> rank(const Association& who) const;

  bool contains(const Association& who) const { return above_.count(who) != 0; }

 private:
  std::map<Association, std::uint32_t> above_;
};

}  // namespace cox::core
