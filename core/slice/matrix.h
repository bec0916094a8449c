// The jobs of one partition that take turns, as rows of an Ousterhout matrix: a column is a node,
// and in each row a node has one job at most. All jobs of a row run at the same time.
// Spec: docs/adr/0031-time-slices.md
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/bitset.h"
#include "model/ids.h"

namespace cox::core {

/// Rows count from 1. Invariant: the last row has a job, so that a matrix without jobs has no rows,
/// and equal contents are equal.
class SliceMatrix {
 public:
  /// The node must be free in that row.
  void take(std::uint32_t row, NodeId node);
  /// The node must not be free in that row.
  void give_back(std::uint32_t row, NodeId node);

  bool is_busy(std::uint32_t row, NodeId node) const;

  std::uint32_t rows() const { return static_cast<std::uint32_t>(busy_.size()); }

  bool is_empty() const { return busy_.empty(); }

  /// The node has a job in some row.
  bool is_held(NodeId node) const;
  /// `nodes` without those that have a job in `row`.
  Bitset free_in(std::uint32_t row, const Bitset& nodes) const;
  /// The first row before `row` in which all of `nodes` are free; nothing when there is none.
  std::optional<std::uint32_t> first_before(std::uint32_t row, std::span<const NodeId> nodes) const;

  friend bool operator==(const SliceMatrix&, const SliceMatrix&) = default;

 private:
  std::vector<Bitset> busy_;  // by row, each as long as its last member needs
};

}  // namespace cox::core
