// Gathering of fence data at the root.
#include "noded/stepd/fences.h"

#include <gtest/gtest.h>

namespace cox::stepd {
namespace {

TEST(Fences, a_fence_is_done_when_the_last_node_came) {
  Fences fences(3);
  EXPECT_FALSE(fences.arrive("all", {}, 2, "c"));
  EXPECT_FALSE(fences.arrive("all", {}, 0, "a"));
  const auto done = fences.arrive("all", {}, 1, "b");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->data, "abc");
  EXPECT_EQ(done->nodes, (std::vector<std::uint32_t>{0, 1, 2}));
}

TEST(Fences, a_fence_of_some_nodes_does_not_wait_for_the_others) {
  Fences fences(3);
  EXPECT_FALSE(fences.arrive("some", {2, 1}, 1, "b"));
  const auto done = fences.arrive("some", {1, 2}, 2, "c");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->nodes, (std::vector<std::uint32_t>{1, 2}));
}

TEST(Fences, a_node_one_round_ahead_is_kept_for_the_next_round) {
  Fences fences(2);
  EXPECT_FALSE(fences.arrive("x", {}, 0, "a1"));
  EXPECT_FALSE(fences.arrive("x", {}, 0, "a2"));
  EXPECT_EQ(fences.arrive("x", {}, 1, "b1")->data, "a1b1");
  EXPECT_EQ(fences.arrive("x", {}, 1, "b2")->data, "a2b2");
}

TEST(Fences, nodes_that_are_none_of_the_steps_are_ignored) {
  Fences fences(2);
  EXPECT_FALSE(fences.arrive("x", {0, 5}, 0, "a"));
  EXPECT_FALSE(fences.arrive("x", {0}, 1, "b"));
  EXPECT_TRUE(fences.arrive("x", {0}, 0, "a"));
}

TEST(Fences, a_step_of_one_node_is_done_at_once) {
  Fences fences(1);
  EXPECT_EQ(fences.arrive("x", {}, 0, "a")->data, "a");
}

}  // namespace
}  // namespace cox::stepd
