// The matrix against a plain model: for each row the list of its nodes.
#include "core/slice/matrix.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace cox::core {
namespace {

constexpr std::uint32_t rows_max = 5;
constexpr std::uint32_t nodes_max = 200;

Bitset set_of(const std::set<std::uint32_t>& nodes) {
  Bitset set(nodes_max);
  for (const std::uint32_t node : nodes) set.set(node);
  return set;
}

std::vector<NodeId> list_of(const std::set<std::uint32_t>& nodes) {
  std::vector<NodeId> list;
  for (const std::uint32_t node : nodes) list.push_back(NodeId{node});
  return list;
}

/// What the matrix says, found by looking at every node of every row.
struct Model {
  std::map<std::uint32_t, std::set<std::uint32_t>> nodes;  // by row

  bool is_busy(std::uint32_t row, std::uint32_t node) const {
    const auto found = nodes.find(row);
    return found != nodes.end() && found->second.contains(node);
  }

  std::uint32_t rows() const {
    std::uint32_t last = 0;
    for (const auto& [row, members] : nodes) {
      if (!members.empty()) last = row;
    }
    return last;
  }

  std::optional<std::uint32_t> first_before(std::uint32_t row,
                                            const std::set<std::uint32_t>& wanted) const {
    for (std::uint32_t other = 1; other < row && other <= rows(); ++other) {
      bool is_free = true;
      for (const std::uint32_t node : wanted) is_free = is_free && !is_busy(other, node);
      if (is_free) return other;
    }
    return std::nullopt;
  }
};

/// Built anew from nothing: equal contents are equal, whatever was there before.
SliceMatrix rebuilt(const Model& model) {
  SliceMatrix matrix;
  for (const auto& [row, members] : model.nodes) {
    for (const std::uint32_t node : members) matrix.take(row, NodeId{node});
  }
  return matrix;
}

void compare(const SliceMatrix& matrix, const Model& model, const std::set<std::uint32_t>& some) {
  RC_ASSERT(matrix.rows() == model.rows());
  RC_ASSERT(matrix.is_empty() == (model.rows() == 0));
  RC_ASSERT(matrix == rebuilt(model));
  for (std::uint32_t row = 0; row <= rows_max + 1; ++row) {
    const Bitset free = matrix.free_in(row, set_of(some));
    for (std::uint32_t node = 0; node < nodes_max; ++node) {
      RC_ASSERT(matrix.is_busy(row, NodeId{node}) == model.is_busy(row, node));
      RC_ASSERT(free.test(node) == (some.contains(node) && !model.is_busy(row, node)));
    }
    RC_ASSERT(matrix.first_before(row, list_of(some)) == model.first_before(row, some));
  }
  for (std::uint32_t node = 0; node < nodes_max; ++node) {
    bool is_held = false;
    for (std::uint32_t row = 1; row <= rows_max; ++row) {
      is_held = is_held || model.is_busy(row, node);
    }
    RC_ASSERT(matrix.is_held(NodeId{node}) == is_held);
  }
}

RC_GTEST_PROP(SliceMatrix, agrees_with_a_plain_model, ()) {
  SliceMatrix matrix;
  Model model;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    const auto row = *rc::gen::inRange<std::uint32_t>(1, rows_max + 1);
    const auto node = *rc::gen::inRange<std::uint32_t>(0, nodes_max);
    if (model.is_busy(row, node)) {
      matrix.give_back(row, NodeId{node});
      model.nodes[row].erase(node);
    } else {
      matrix.take(row, NodeId{node});
      model.nodes[row].insert(node);
    }
  }
  // Some are given back, so that rows in between and at the end become empty.
  for (auto& [row, members] : model.nodes) {
    if (*rc::gen::inRange(0, 2) == 0) continue;
    for (const std::uint32_t node : members) matrix.give_back(row, NodeId{node});
    members.clear();
  }
  const auto some =
      *rc::gen::container<std::set<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, nodes_max));
  compare(matrix, model, some);
}

TEST(SliceMatrix, places_in_the_first_row_that_has_room) {
  SliceMatrix matrix;
  matrix.take(1, NodeId{0});
  matrix.take(2, NodeId{0});
  matrix.take(2, NodeId{1});
  EXPECT_EQ(matrix.first_before(4, list_of({1})), std::optional<std::uint32_t>(1));
  EXPECT_EQ(matrix.first_before(3, list_of({0})), std::nullopt);
  EXPECT_EQ(matrix.free_in(1, set_of({0, 1})).to_ranges(), "1");
  EXPECT_EQ(matrix.free_in(3, set_of({0, 1})).to_ranges(), "0-1");
}

}  // namespace
}  // namespace cox::core
