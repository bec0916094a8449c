// Ranks, maps and fence names of plans of several shapes.
#include "noded/stepd/pmix/layout.h"

#include <gtest/gtest.h>

namespace cox::stepd {
namespace {

MpiPlan plan_of(const std::vector<std::uint32_t>& tasks) {
  MpiPlan plan;
  plan.nspace = "job";
  std::uint32_t first = 0;
  for (const std::uint32_t count : tasks) {
    plan.nodes.push_back({"n" + std::to_string(plan.nodes.size()), count, first});
    first += count;
  }
  return plan;
}

using Numbers = std::vector<std::uint32_t>;

TEST(Layout, FindsTheNodeOfEachRankPastNodesWithoutTasks) {
  const MpiPlan plan = plan_of({2, 0, 3});
  EXPECT_EQ(node_of(plan, 0), 0U);
  EXPECT_EQ(node_of(plan, 1), 0U);
  EXPECT_EQ(node_of(plan, 2), 2U);
  EXPECT_EQ(node_of(plan, 4), 2U);
  EXPECT_EQ(node_of(plan, 5), 3U);
  EXPECT_TRUE(is_local(plan, 1));
  EXPECT_FALSE(is_local(plan, 2));
}

TEST(Layout, WritesMapsOfTheNodesThatHaveTasks) {
  const MpiPlan plan = plan_of({2, 0, 3});
  EXPECT_EQ(node_names(plan), "n0,n2");
  EXPECT_EQ(ranks_by_node(plan), "0,1;2,3,4");
  EXPECT_EQ(tasks_of(plan), 5U);
}

TEST(Layout, KnowsRanksThatDoNotFollowTheNodes) {
  MpiPlan plan = plan_of({2, 1});
  plan.nodes[0].ranks = {0, 2};
  plan.nodes[1].ranks = {1};
  plan.node_by_rank = {0, 1, 0};
  EXPECT_TRUE(check_plan(plan));
  EXPECT_EQ(ranks_by_node(plan), "0,2;1");
  EXPECT_EQ(node_of(plan, 2), 0U);
  EXPECT_EQ(node_of(plan, 3), 2U) << "there is no such rank";
  EXPECT_EQ(nodes_of(plan, {0, 2}), (Numbers{0}));
  plan.nodes[1].ranks = {1, 3};
  EXPECT_EQ(check_plan(plan).error().message, "2 ranks of 1 tasks on n1");
}

TEST(FenceId, IsTheSameForEveryOrderOfTheSameRanks) {
  EXPECT_EQ(fence_id({3, 1, 2, 7, 0}), "0-3,7");
  EXPECT_EQ(fence_id({0, 1, 2, 3, 7, 7}), "0-3,7");
  EXPECT_EQ(fence_id({5}), "5");
  EXPECT_EQ(fence_id({4, 2}), "2,4");
}

TEST(FenceNodes, AreThoseThatRunItsRanks) {
  const MpiPlan plan = plan_of({2, 0, 3, 1});
  EXPECT_EQ(nodes_of(plan, {4, 0}), (Numbers{0, 2}));
  EXPECT_EQ(nodes_of(plan, {}), (Numbers{0, 2, 3}));
}

TEST(CheckPlan, NamesWhatDoesNotFit) {
  EXPECT_TRUE(check_plan(plan_of({1, 2})));
  MpiPlan gap = plan_of({1, 2});
  gap.nodes[1].first_task = 2;
  EXPECT_EQ(check_plan(gap).error().message, "first rank of n1 is 2, not 1");
  MpiPlan outside = plan_of({1});
  outside.node_index = 1;
  EXPECT_EQ(check_plan(outside).error().message, "node 1 of 1 nodes of the step");
  MpiPlan idle = plan_of({0, 1});
  EXPECT_EQ(check_plan(idle).error().message, "no task on node n0");
  MpiPlan name = plan_of({1});
  name.nodes[0].name = "a,b";
  EXPECT_EQ(check_plan(name).error().message, "node name 'a,b' cannot be used for mpi");
  MpiPlan nameless = plan_of({1});
  nameless.nspace.assign(256, 'x');
  EXPECT_FALSE(check_plan(nameless));
}

}  // namespace
}  // namespace cox::stepd
