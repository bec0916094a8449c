// The nodes of a set that a request may have: without those it excludes, and by what its constraint
// says of labels. Labels are those of a [[node]] table, so that each table is looked at once.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/bitset.h"
#include "core/policy/node_kinds.h"
#include "core/state.h"

namespace cox::core {

class Constrained {
 public:
  Constrained(const State& state, const Bitset& nodes, const JobRequest& request);

  /// All that are of use, in whatever group.
  const Bitset& nodes() const { return nodes_; }

  /// The job gets all its nodes from one of these; there is always one.
  std::size_t groups() const { return groups_.empty() ? 1 : groups_.size(); }

  const Bitset& group(std::size_t i) const { return groups_.empty() ? nodes_ : groups_[i]; }

  /// Where jobs of others keep it out now; null: nowhere.
  const Bitset* closed() const { return closed_ ? &*closed_ : nullptr; }

  /// Null where none are counted.
  const NodeKinds* kinds() const { return kinds_ ? &*kinds_ : nullptr; }

  /// The node may be used as one of group `i`.
  bool is_in(std::size_t node, std::size_t i) const { return group(i).test(node); }

 private:
  void filter(const State& state, const Constraint& constraint);
  void limit_leaves(const State& state, std::uint32_t count);

  Bitset nodes_;
  std::vector<Bitset> groups_;
  std::optional<NodeKinds> kinds_;
  std::optional<Bitset> closed_;
};

/// `nodes` with labels that `selector` matches. One that does not parse selects nothing.
Bitset labelled_nodes(const State& state, const Bitset& nodes, const std::string& selector);

/// error: refused, where no table of the configuration has such labels
Result<void> check_labels(const Settings& settings, const JobRequest& request);

}  // namespace cox::core
