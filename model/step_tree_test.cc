// The shape of a step's tree, for any number of nodes and any width.
#include "model/step_tree.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace cox {
namespace {

TEST(StepTree, is_a_star_where_the_width_allows_it) {
  for (const std::uint32_t width : {0U, 16U, 17U}) {
    const StepTree tree(17, width);
    EXPECT_FALSE(tree.has_inner()) << width;
    EXPECT_EQ(tree.children(0).size(), 16U);
    for (std::uint32_t node = 1; node < 17; ++node) {
      EXPECT_EQ(tree.parent(node), 0U);
      EXPECT_FALSE(tree.has_children(node));
    }
  }
  EXPECT_TRUE(StepTree(18, 16).has_inner());
  EXPECT_FALSE(StepTree(1, 0).has_inner());
  EXPECT_FALSE(StepTree(1, 16).has_children(0));
}

TEST(StepTree, cuts_what_is_below_into_equal_runs) {
  const StepTree tree(10, 2);
  EXPECT_EQ(tree.children(0), (std::vector<std::uint32_t>{1, 6}));
  EXPECT_EQ(tree.children(1), (std::vector<std::uint32_t>{2, 4}));
  EXPECT_EQ(tree.children(2), (std::vector<std::uint32_t>{3}));
  EXPECT_EQ(tree.parent(9), 6U);
  EXPECT_EQ(tree.end(1), 6U);
  EXPECT_EQ(tree.depth(8), 3U);
}

RC_GTEST_PROP(StepTree, has_each_node_once_and_no_node_more_children_than_its_width, ()) {
  const auto nodes = *rc::gen::inRange<std::uint32_t>(1, 3000);
  const auto width = *rc::gen::inRange<std::uint32_t>(1, 70);
  const StepTree tree(nodes, width);
  std::vector<std::uint32_t> parents(nodes, nodes);
  for (std::uint32_t node = 0; node < nodes; ++node) {
    const auto children = tree.children(node);
    RC_ASSERT(children.size() <= width);
    RC_ASSERT(tree.has_children(node) == !children.empty());
    for (const std::uint32_t child : children) {
      RC_ASSERT(child < nodes && parents[child] == nodes);
      parents[child] = node;
      RC_ASSERT(tree.parent(child) == node);
      RC_ASSERT(tree.depth(child) == tree.depth(node) + 1);
    }
  }
  RC_ASSERT(std::count(parents.begin(), parents.end(), nodes) == 1);
}

RC_GTEST_PROP(StepTree, has_below_a_node_exactly_those_whose_way_to_the_root_passes_it, ()) {
  const auto nodes = *rc::gen::inRange<std::uint32_t>(2, 2000);
  const auto width = *rc::gen::inRange<std::uint32_t>(1, 40);
  const StepTree tree(nodes, width);
  const auto above = *rc::gen::inRange<std::uint32_t>(0, nodes);
  const auto node = *rc::gen::inRange<std::uint32_t>(0, nodes);
  bool passes = false;
  for (std::uint32_t at = node; at != 0 && !passes;) {
    at = tree.parent(at);
    passes = at == above;
  }
  RC_ASSERT(tree.is_below(node, above) == passes);
}

RC_GTEST_PROP(StepTree, is_as_flat_as_its_width_allows, ()) {
  const auto nodes = *rc::gen::inRange<std::uint32_t>(1, 100'000);
  const auto width = *rc::gen::inRange<std::uint32_t>(2, 64);
  const StepTree tree(nodes, width);
  std::uint32_t depth = 0;
  for (std::uint64_t row = 1, room = 1; room < nodes; ++depth) {
    row *= width;
    room += row;
  }
  const auto node = *rc::gen::inRange<std::uint32_t>(0, nodes);
  RC_ASSERT(tree.depth(node) <= depth);
}

}  // namespace
}  // namespace cox
