// Kinds of nodes of which a job needs so many each, and which nodes it takes for them. A node may
// be of several kinds and stands for one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace cox::core {

class NodeKinds {
 public:
  /// `of_node`: by NodeId, a bit for each kind; `counts`: nodes needed of each.
  NodeKinds(std::vector<std::uint8_t> of_node, std::vector<std::uint32_t> counts)
      : of_node_(std::move(of_node)), counts_(std::move(counts)) {
    for (const std::uint32_t count : counts_) total_ += count;
  }

  std::uint8_t of(std::size_t node) const { return of_node_[node]; }

  const std::vector<std::uint32_t>& counts() const { return counts_; }

  /// Nodes needed of all kinds together.
  std::uint64_t total() const { return total_; }

 private:
  std::vector<std::uint8_t> of_node_;
  std::vector<std::uint32_t> counts_;
  std::uint64_t total_ = 0;
};

/// Nodes come one after another and are dealt out to the kinds so that as many as possible stand
/// for one. Which of them do need never be taken back: what such nodes can be is a matroid.
class Dealing {
 public:
  explicit Dealing(const NodeKinds& kinds);

  /// `nodes` more, which are of `kinds`. How many of them stand for one of theirs.
  std::uint64_t take(std::uint8_t kinds, std::uint64_t nodes);

  bool is_complete() const { return standing_ == total_; }

  /// Nodes that stand for a kind.
  std::uint64_t standing() const { return standing_; }

 private:
  std::vector<std::uint64_t> bounds_;  // by set of kinds: theirs, and nodes of a kind beside them
  std::uint64_t standing_ = 0, total_ = 0;
};

/// Moves to the front, of nodes in the order of their worth, those that stand for a kind: any first
/// nodes of the result are the best choice of so many. How many stand for one.
template <class Node, class KindsOf>
std::size_t put_kinds_first(const NodeKinds& kinds, std::vector<Node>& ordered, KindsOf kinds_of) {
  Dealing dealing(kinds);
  std::vector<Node> first, rest;
  for (Node& node : ordered) {
    (dealing.take(kinds_of(node), 1) != 0 ? first : rest).push_back(std::move(node));
  }
  const std::size_t standing = first.size();
  ordered = std::move(first);
  ordered.insert(ordered.end(), std::move_iterator(rest.begin()), std::move_iterator(rest.end()));
  return standing;
}

}  // namespace cox::core
