// Jobs that want their nodes on few switches: which they get, how long they wait, what is said.
#include "core/schedule/leaves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "testsuite/support/dice.h"
#include "testsuite/support/verdicts.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// Leaves of 2, 3 and 3 nodes, and n8, which hangs on none.
Settings with_leaves(const std::string& backfill = "easy") {
  Settings settings = in_order_with(backfill);
  settings.partitions.front().nodes = "n[0-8]";
  settings.switches = {{"leaf1", "n[0-1]", ""},
                       {"leaf2", "n[2-4]", ""},
                       {"leaf3", "n[5-7]", ""},
                       {"top", "", "leaf[1-3]"}};
  return settings;
}

Cluster on_leaves(const std::string& backfill = "easy") {
  return Cluster(fleet().nodes(9).cores(4), with_leaves(backfill));
}

std::set<std::uint32_t> leaves_used(const Cluster& cluster, JobId id) {
  std::set<std::uint32_t> leaves;
  for (const NodeShare& share : cluster.job(id).run->allocation.nodes) {
    leaves.insert(cluster.state.index.leaf_of_node[share.node.value]);
  }
  return leaves;
}

std::string leaf_answer(Cluster& cluster, const JobBuilder& request) {
  const auto facts = cluster.ask(request.submit());
  return facts ? "taken" : facts.error().message;
}

/// Time passes, with every node heard.
void let_pass(Cluster& cluster, Duration time) {
  cluster.advance(time);
  cluster.heartbeat_all();
  ASSERT_TRUE(cluster.ask(CheckTime{}));
}

class Leaves : public ::testing::TestWithParam<std::string> {};

TEST_P(Leaves, AJobGetsItsNodesFromTheLeafWithLeastThatSuits) {
  Cluster cluster = on_leaves(GetParam());
  const JobId two = cluster.run(job().nodes(2).exclusive().switches("1"));
  EXPECT_EQ(leaves_used(cluster, two), std::set<std::uint32_t>{0});
  const JobId three = cluster.run(job().nodes(3).exclusive().switches("1"));
  EXPECT_EQ(leaves_used(cluster, three), std::set<std::uint32_t>{1});
  const JobId one = cluster.run(job().nodes(1).exclusive().switches("1"));
  EXPECT_EQ(leaves_used(cluster, one), std::set<std::uint32_t>{2});
}

TEST_P(Leaves, AJobWaitsForThemWhileOthersStart) {
  Cluster cluster = on_leaves(GetParam());
  const JobId first = cluster.run(job().nodes(1).exclusive().minutes(10).on({"n3"}));
  const JobId second = cluster.run(job().nodes(1).exclusive().minutes(20).on({"n6"}));
  const JobId waits = cluster.run(job().nodes(3).exclusive().minutes(10).switches("1"));
  ASSERT_EQ(cluster.job_state(waits), JobState::pending);  // six nodes are idle, two on a leaf
  EXPECT_EQ(reason(cluster, waits), Reason::resources);
  const JobId lower = cluster.run(job().nodes(2).exclusive().minutes(5).on({"n0", "n1"}));
  EXPECT_EQ(cluster.job_state(lower), GetParam() == "none" ? JobState::pending : JobState::running);
  cluster.batch_ended(cluster.node_of(first), first);
  cluster.schedule();
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(waits), JobState::running);
  EXPECT_EQ(leaves_used(cluster, waits), std::set<std::uint32_t>{1});
  EXPECT_EQ(cluster.job_state(second), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST_P(Leaves, AfterItsTimeAnyNumberWillDo) {
  Cluster cluster = on_leaves(GetParam());
  const JobId blocker = cluster.run(job().nodes(1).exclusive().minutes(60).on({"n3"}));
  const JobId other = cluster.run(job().nodes(1).exclusive().minutes(60).on({"n6"}));
  const JobId waits = cluster.run(job().nodes(3).exclusive().switches("1@2"));
  let_pass(cluster, seconds(119));
  cluster.schedule();
  ASSERT_EQ(cluster.job_state(waits), JobState::pending);
  EXPECT_TRUE(cluster.job(waits).request.common->wishes->switches.counts());
  let_pass(cluster, seconds(1));
  cluster.schedule();
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(waits), JobState::running);
  EXPECT_GT(leaves_used(cluster, waits).size(), 1U);
  EXPECT_TRUE(cluster.job(waits).request.common->wishes->switches.is_over);
  EXPECT_TRUE(cluster.state.index.waits.for_leaves.empty());
  EXPECT_EQ(cluster.job_state(blocker), JobState::running);
  EXPECT_EQ(cluster.job_state(other), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST_P(Leaves, TheTimeBeginsWhenTheJobMayBegin) {
  Cluster cluster = on_leaves(GetParam());
  for (const char* node : {"n3", "n6"})
    cluster.run(job().nodes(1).exclusive().on({node}).minutes(600));
  const JobId later =
      cluster.run(job().nodes(3).exclusive().switches("1@2").begin(cluster.now + minutes(10)));
  const JobId held = cluster.run(job().nodes(3).exclusive().switches("1@2").held());
  let_pass(cluster, minutes(11));
  EXPECT_FALSE(cluster.job(later).request.common->wishes->switches.is_over);
  EXPECT_FALSE(cluster.job(held).request.common->wishes->switches.is_over);
  let_pass(cluster, minutes(1));
  EXPECT_TRUE(cluster.job(later).request.common->wishes->switches.is_over);
  EXPECT_FALSE(cluster.job(held).request.common->wishes->switches.is_over);
}

/// Whether reserved or planned, and whatever ends first.
TEST_P(Leaves, NoJobEverHasMoreThanItAskedFor) {
  std::size_t seen = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Dice dice(seed);
    Cluster cluster = on_leaves(GetParam());
    std::vector<std::pair<JobId, std::uint32_t>> running;
    for (int turn = 0; turn < 60; ++turn) {
      const auto limit = static_cast<std::uint32_t>(1 + dice.roll(3));
      const JobBuilder one =
          dice.chance(50) ? job().nodes(1 + static_cast<std::uint32_t>(dice.roll(4))).exclusive()
                          : job().nodes(1, 8).tasks(1 + static_cast<std::uint32_t>(dice.roll(14)));
      const auto id = cluster.submit(
          one.switches(std::to_string(limit)).minutes(1 + static_cast<std::int64_t>(dice.roll(9))));
      if (id) running.emplace_back(*id, limit);
      cluster.schedule();
      cluster.answer_all();
      for (const auto& [job, most] : running) {
        if (cluster.job_state(job) != JobState::running) continue;
        const auto leaves = leaves_used(cluster, job);
        ASSERT_LE(leaves.size(), most) << "seed " << seed << " job " << job.value;
        ASSERT_FALSE(leaves.contains(no_leaf)) << "seed " << seed << " job " << job.value;
        ++seen;
      }
      ASSERT_EQ(cluster.faults(), std::vector<std::string>{}) << "seed " << seed;
      std::vector<JobId> live;
      for (const auto& [job, most] : running) {
        if (cluster.job_state(job) == JobState::running) live.push_back(job);
      }
      if (live.empty() || dice.chance(30)) continue;
      const JobId ends = live[dice.roll(live.size())];
      cluster.batch_ended(cluster.node_of(ends), ends);
      cluster.answer_all();
      cluster.schedule();
      cluster.advance(seconds(20));
      cluster.heartbeat_all();
    }
  }
  EXPECT_GT(seen, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         Leaves,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

TEST(LeafSets, AreAllOfThemWhereTheyAreFew) {
  const Cluster cluster = on_leaves();
  const Bitset all(9, true);
  std::set<std::string> sets;
  for (const Bitset& set : leaf_sets(cluster.state, all, 2)) sets.insert(set.to_ranges());
  EXPECT_EQ(sets, (std::set<std::string>{"0-4", "0-1,5-7", "2-7"}));
  EXPECT_EQ(leaf_sets(cluster.state, all, 3).front().to_ranges(), "0-7");
  EXPECT_EQ(leaf_sets(cluster.state, all, 9).front().to_ranges(), "0-7");
}

/// 256 leaves of 18 nodes: those with most nodes, cores and idle nodes are among the sets, so that
/// whole nodes are found wherever they are.
TEST(LeafSets, OfAFatTreeHaveTheBestForWholeNodes) {
  Settings settings = in_order();
  settings.partitions.front().nodes = "n[0-4607]";
  for (int leaf = 0; leaf < 256; ++leaf) {
    settings.switches.push_back(
        {"leaf" + std::to_string(leaf),
         "n[" + std::to_string(leaf * 18) + "-" + std::to_string(leaf * 18 + 17) + "]", ""});
  }
  Cluster cluster(fleet().nodes(4608).cores(2), settings);
  // Everything is taken but for leaves 3, 100 and 200, which have nothing to do with each other.
  std::vector<std::string> idle;
  for (const int leaf : {3, 100, 200}) {
    for (int i = 0; i < 18; ++i) idle.push_back("n" + std::to_string(leaf * 18 + i));
  }
  cluster.run(job().nodes(4608 - 54).exclusive().not_on(idle).minutes(600));
  const JobId wide = cluster.run(job().nodes(54).exclusive().switches("3"));
  EXPECT_EQ(leaves_used(cluster, wide), (std::set<std::uint32_t>{3, 100, 200}));
  const auto facts = cluster.ask(job().nodes(55).exclusive().switches("3").submit());
  ASSERT_FALSE(facts.has_value());
  EXPECT_EQ(facts.error().message,
            "--switches 3: partition batch has 54 nodes on at most 3 switches, 55 needed (see: cox "
            "nodes -p batch)");
}

TEST(LeafLimits, ThatNothingCanMeetAreRefusedUnlessTheyEnd) {
  Cluster cluster = on_leaves();
  EXPECT_EQ(leaf_answer(cluster, job().nodes(4).switches("1")),
            "--switches 1: partition batch has 3 nodes on at most 1 switch, 4 needed (see: cox "
            "nodes -p batch)");
  EXPECT_EQ(leaf_answer(cluster, job().nodes(4).switches("1@5")), "taken");
  EXPECT_EQ(leaf_answer(cluster, job().nodes(4).switches("2")), "taken");
}

TEST(LeafLimits, MeanNothingWhereNoSwitchIsKnown) {
  Cluster cluster(fleet().nodes(4).cores(4), in_order());
  const JobId four = cluster.run(job().nodes(4).exclusive().switches("1"));
  EXPECT_EQ(cluster.job_state(four), JobState::running);
}

TEST(LeafLimits, AreExplained) {
  Cluster cluster = on_leaves();
  for (const char* node : {"n3", "n6"})
    cluster.run(job().nodes(1).exclusive().on({node}).minutes(600));
  const JobId id = cluster.run(job().nodes(3).exclusive().switches("1@30"));
  const Verdict verdict = why_waits(cluster, id);
  const auto found =
      std::ranges::find(verdict.checks, "switches in partition batch", &VerdictCheck::name);
  ASSERT_NE(found, verdict.checks.end());
  EXPECT_FALSE(found->passed);
  EXPECT_EQ(found->detail, "at most 1 until " + to_utc_text(cluster.now + minutes(30)) +
                               "; the most idle nodes on so few: 2, 3 needed");
}

TEST(LeafLimits, FollowTheConfigurationAndUpdates) {
  Cluster cluster = on_leaves();
  for (const char* node : {"n3", "n6"})
    cluster.run(job().nodes(1).exclusive().on({node}).minutes(600));
  const JobId id = cluster.run(job().nodes(3).exclusive().switches("1"));
  ASSERT_EQ(cluster.job_state(id), JobState::pending);
  JobChanges changes;
  changes.switches = LeafLimit{2};
  ASSERT_TRUE(cluster.ask(UpdateJob{root(), id, changes}));
  cluster.schedule();
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_LE(leaves_used(cluster, id).size(), 2U);
  Settings flat = with_leaves();
  flat.switches = {{"all", "n[0-8]", ""}};
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), flat}));
  EXPECT_EQ(cluster.state.index.leaf_of_node[8], 0U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace cox::core
