// What jobs wish of their nodes by labels, and of the cluster: constraints, preferences, licenses.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "core/policy/node_kinds.h"
#include "core/schedule/constrained.h"
#include "core/schedule/licenses.h"
#include "core/schedule/prospect.h"
#include "core/schedule/trial.h"
#include "testsuite/support/random_life.h"
#include "testsuite/support/verdicts.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// Two racks: n0 and n1 in a, the others in b; n0 and n2 are fat.
Settings two_racks(const std::string& backfill = "easy") {
  Settings settings = in_order_with(backfill);
  settings.nodes = {{"n0", {{"rack", "a"}, {"fat", ""}}, {}},
                    {"n1", {{"rack", "a"}}, {}},
                    {"n2", {{"rack", "b"}, {"fat", ""}}, {}},
                    {"n[3-4]", {{"rack", "b"}}, {}}};
  return settings;
}

Cluster racks() {
  return Cluster(fleet().nodes(5).cores(4), two_racks());
}

std::string nodes_of(const Cluster& cluster, JobId id) {
  std::string names;
  for (const NodeShare& share : cluster.job(id).run->allocation.nodes) {
    names += cluster.state.find_node(share.node)->name;
  }
  return names;
}

/// "taken", or why not.
std::string submitted(Cluster& cluster, const JobBuilder& request) {
  const auto facts = cluster.ask(request.submit());
  return facts ? "taken" : facts.error().message;
}

std::string started_on(Cluster& cluster, const JobBuilder& request) {
  const JobId id = cluster.state.record.next_job;
  if (std::string why = submitted(cluster, request); why != "taken") return why;
  cluster.schedule();
  return nodes_of(cluster, id);
}

TEST(Constraints, OfASelectorGiveOnlyNodesThatMatch) {
  Cluster cluster = racks();
  EXPECT_EQ(started_on(cluster, job().exclusive().constraint("rack=b&fat")), "n2");
  EXPECT_EQ(started_on(cluster, job().exclusive().constraint("!fat&rack=b|rack=a&!fat")), "n1");
  EXPECT_EQ(started_on(cluster, job().nodes(2).exclusive().constraint("rack=b")), "n3n4");
  EXPECT_EQ(started_on(cluster, job().exclusive().constraint("rack=b")), "");  // it waits
}

TEST(Constraints, ThatChooseGiveAllNodesFromOneGroup) {
  Cluster cluster = racks();
  const JobBuilder two = job().nodes(2).exclusive();
  EXPECT_EQ(started_on(cluster, two.constraint("[rack=a|rack=b]")), "n0n1");
  EXPECT_EQ(started_on(cluster, two.constraint("[rack=a|rack=b]")), "n2n3");
  // One node is left, of rack b: nothing is given from both.
  EXPECT_EQ(started_on(cluster, two.constraint("[rack=a|rack=b]")), "");
  EXPECT_EQ(reason(cluster, JobId{3}), Reason::resources);
}

TEST(Constraints, ThatCountGiveSoManyOfEachKind) {
  Cluster cluster = racks();
  // n0 and n2 are the fat ones, so that rack a has n1 alone for its own.
  EXPECT_EQ(started_on(cluster, job().nodes(3).exclusive().constraint("fat*2&rack=a*1")), "n0n1n2");
  EXPECT_EQ(started_on(cluster, job().exclusive().constraint("rack=b*2")), "n3n4");
}

TEST(Constraints, RaiseTheNumberOfNodesToThatCounted) {
  Cluster cluster = racks();
  EXPECT_EQ(started_on(cluster, job().exclusive().constraint("fat*1&rack=b*2")), "n0n2n3");
  EXPECT_EQ(started_on(cluster, job().tasks(1).constraint("fat*1&rack=b*1")),
            "1 tasks on 2 nodes: a node would have none");
}

TEST(Constraints, ThatNothingCanMatchAreRefused) {
  Cluster cluster = racks();
  cluster.advance(cluster.state.record.settings.silent_after);  // by then all nodes have come
  const auto why = [&](const JobBuilder& request) { return started_on(cluster, request); };
  EXPECT_EQ(why(job().constraint("gpu")),
            "--constraint gpu: no node has such labels (see: cox nodes --long)");
  EXPECT_EQ(why(job().constraint("fat*1&gpu*1")),
            "--constraint fat*1&gpu*1: no node has the labels of gpu (see: cox nodes --long)");
  EXPECT_EQ(why(job().nodes(3).constraint("fat")),
            "--constraint fat: 2 nodes of partition batch match fat, 3 needed (see: cox nodes -p "
            "batch)");
  EXPECT_EQ(why(job().nodes(4).constraint("[rack=a|rack=b]")),
            "--constraint [rack=a|rack=b]: 3 nodes of partition batch match [rack=a|rack=b], the "
            "most of one group, 4 needed (see: cox nodes -p batch)");
  EXPECT_EQ(why(job().constraint("fat*3")),
            "--constraint fat*3: 2 nodes of partition batch match fat, 3 needed (see: cox nodes -p "
            "batch)");
}

/// Where the configuration changes, a job that waits has what its labels come to then.
TEST(Constraints, FollowTheConfiguration) {
  Cluster cluster = racks();
  cluster.run(job().nodes(2).exclusive().constraint("fat"));
  const JobId waits = *cluster.submit(job().exclusive().constraint("fat"));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, waits), Reason::resources);
  Settings changed = two_racks();
  for (NodeSettings& table : changed.nodes) table.labels.erase("fat");
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), changed}));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, waits), Reason::never_fits);
  changed.nodes.back().labels["fat"] = "yes";
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), changed}));
  cluster.schedule();
  EXPECT_EQ(nodes_of(cluster, waits), "n3");
}

TEST(Preferences, AreFollowedWhereThatIsPossibleNow) {
  Cluster cluster = racks();
  const JobBuilder one = job().exclusive().prefer("fat & rack=b");
  EXPECT_EQ(started_on(cluster, one), "n2");
  EXPECT_EQ(started_on(cluster, one), "n0");  // it does not wait for n2
  EXPECT_EQ(started_on(cluster, one.constraint("!fat").prefer("rack=b")), "n3");
}

class Apart : public ::testing::TestWithParam<std::string> {};

TEST_P(Apart, KeepsOtherUsersFromItsNodesAndIsKeptFromTheirs) {
  Cluster cluster(fleet().nodes(2).cores(4), in_order_with(GetParam()));
  const JobId first = cluster.run(job().uid(1).exclusive_user().minutes(30));
  const JobId other = cluster.run(job().uid(2).minutes(60));
  EXPECT_EQ(nodes_of(cluster, first), "n0");
  EXPECT_EQ(nodes_of(cluster, other), "n1");
  const JobId same = cluster.run(job().uid(1));
  EXPECT_EQ(nodes_of(cluster, same), "n0");  // jobs of the same user may be beside it
  const JobId third = *cluster.submit(job().uid(3).exclusive_user());
  cluster.schedule();
  EXPECT_EQ(reason(cluster, third), Reason::resources);
  cluster.batch_ended(NodeId{0}, first);
  cluster.schedule();
  EXPECT_EQ(reason(cluster, third), Reason::resources);  // the other job of user 1 is there
  cluster.batch_ended(NodeId{0}, same);
  cluster.schedule();
  EXPECT_EQ(nodes_of(cluster, third), "n0");
  EXPECT_TRUE(ledger_faults(cluster.state).empty());
}

TEST_P(Apart, TheVerdictNamesNodesOfOthers) {
  Cluster cluster(fleet().nodes(2).cores(4), in_order_with(GetParam()));
  cluster.run(job().uid(1).nodes(2).exclusive_user());
  const JobId waits = *cluster.submit(job().uid(2));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, waits), Reason::resources);
  const auto checks = why_waits(cluster, waits).checks;
  const auto found =
      std::ranges::find(checks, "other users in partition batch", &VerdictCheck::name);
  ASSERT_NE(found, checks.end());
  EXPECT_EQ(found->detail, "2 nodes are kept by jobs that share with no other user");
}

/// Cores are free all the time: only who is where can keep the second job from its start.
TEST_P(Apart, NoLowerJobOfAnotherUserGetsInItsWay) {
  if (GetParam() == "none") return;
  Cluster cluster(fleet().nodes(1).cores(8), in_order_with(GetParam()));
  const JobId first = cluster.run(job().uid(2).minutes(30));
  const JobId waits = *cluster.submit(job().uid(1).exclusive_user().minutes(60));
  const JobId in_the_way = *cluster.submit(job().uid(2).minutes(40));
  const JobId in_time = *cluster.submit(job().uid(2).minutes(20));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(in_the_way), JobState::pending);
  EXPECT_EQ(cluster.job_state(in_time), JobState::running);
  cluster.answer_all();
  cluster.batch_ended(NodeId{0}, in_time);
  cluster.batch_ended(NodeId{0}, first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waits), JobState::running);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         Apart,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

/// Every set of nodes is tried: a placement is there exactly when one of them has what is asked.
class PlainNodes {
 public:
  PlainNodes(Dice& dice, std::size_t nodes, std::size_t kinds) {
    for (std::size_t i = 0; i < nodes; ++i) {
      of_node.push_back(static_cast<std::uint8_t>(dice.roll(std::uint64_t{1} << kinds)));
      room.push_back(dice.small(5));
      is_named.push_back(dice.chance(12));
    }
    for (std::size_t i = 0; i < kinds; ++i) counts.push_back(1 + dice.small(2));
  }

  bool fits(std::uint32_t least, std::uint32_t most, std::uint32_t tasks) const {
    for (std::uint32_t set = 0; set < 1U << of_node.size(); ++set) {
      if (fits_set(set, least, most, tasks)) return true;
    }
    return false;
  }

  /// Whether the nodes of `set` are a placement.
  bool fits_set(std::uint32_t set,
                std::uint32_t least,
                std::uint32_t most,
                std::uint32_t tasks) const {
    std::uint32_t nodes = 0, all = 0;
    for (std::size_t i = 0; i < of_node.size(); ++i) {
      const bool is_in = (set >> i & 1U) != 0;
      if (is_named[i] && !is_in) return false;
      if (!is_in) continue;
      if (room[i] == 0) return false;
      ++nodes;
      all += room[i];
    }
    return nodes >= least && nodes <= most && all >= tasks && deals(set, 0, counts);
  }

  std::vector<std::uint8_t> of_node;
  std::vector<std::uint32_t> room;
  std::vector<bool> is_named;
  std::vector<std::uint32_t> counts;

 private:
  /// Each node stands for one of its kinds, or none.
  bool deals(std::uint32_t set, std::size_t node, std::vector<std::uint32_t> left) const {
    if (std::ranges::all_of(left, [](std::uint32_t one) { return one == 0; })) return true;
    if (node == of_node.size()) return false;
    if ((set >> node & 1U) != 0) {
      for (std::size_t i = 0; i < left.size(); ++i) {
        if ((of_node[node] >> i & 1) == 0 || left[i] == 0) continue;
        --left[i];
        if (deals(set, node + 1, left)) return true;
        ++left[i];
      }
    }
    return deals(set, node + 1, left);
  }
};

TEST(Constraints, CountAsAPlainSearchOverAllSetsOfNodesDoes) {
  Dice dice(5);
  int fits = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t nodes = 1 + dice.roll(7);
    const PlainNodes plain(dice, nodes, 1 + dice.roll(3));
    Settings settings = two_racks();
    settings.nodes.clear();
    std::vector<std::string> named;
    for (std::size_t i = 0; i < nodes; ++i) {
      Labels labels;
      for (std::size_t k = 0; k < plain.counts.size(); ++k) {
        if ((plain.of_node[i] >> k & 1) != 0) labels["k" + std::to_string(k)] = "";
      }
      settings.nodes.push_back({"n" + std::to_string(i), labels, {}});
      if (plain.is_named[i]) named.push_back("n" + std::to_string(i));
    }
    Cluster cluster(fleet().nodes(static_cast<unsigned>(nodes)).cores(4), settings);
    for (std::size_t i = 0; i < nodes; ++i) {
      NodeFree& free = cluster.state.index.free[i];
      free.cores = free.cores.lowest(plain.room[i]);
    }
    std::string text;
    for (std::size_t k = 0; k < plain.counts.size(); ++k) {
      text += (k == 0 ? "k" : "&k") + std::to_string(k) + "*" + std::to_string(plain.counts[k]);
    }
    const std::uint32_t tasks = 1 + dice.small(12);
    const std::uint32_t most = std::min(tasks, 1 + dice.small(6));
    const std::uint32_t least = 1 + dice.small(most);
    const JobRequest request = job()
                                   .nodes(least, most)
                                   .tasks(tasks)
                                   .memory_mib(1)
                                   .on(named)
                                   .partitions({"batch"})
                                   .constraint(text)
                                   .build();
    const State& state = cluster.state;
    const PartitionSettings& partition = state.record.settings.partitions[0];
    const Bitset ready = ready_nodes(state, cluster.contact, "batch");
    const Trial trial = try_place(state, *cluster.policies().select, partition, ready, request);
    const bool expected = plain.fits(least, most, tasks);
    ASSERT_EQ(trial.allocation.has_value(), expected) << "round " << round << " " << text;
    Prospect prospect(state, partition, ready, request);
    ASSERT_EQ(prospect.fits(), expected) << "round " << round;
    if (!expected) continue;
    ++fits;
    std::uint32_t placed = 0, promised = 0;
    for (const NodeShare& share : trial.allocation->nodes) placed |= 1U << share.node.value;
    for (const Part& part : prospect.choose()) promised |= 1U << part.node.value;
    ASSERT_TRUE(plain.fits_set(placed, least, most, tasks)) << "round " << round;
    ASSERT_TRUE(plain.fits_set(promised, least, most, tasks)) << "round " << round;
  }
  EXPECT_GT(fits, 300);
}

Settings licensed(const std::string& backfill) {
  Settings settings = in_order_with(backfill);
  settings.licenses = {{"matlab", 3}, {"ansys", 1}};
  return settings;
}

class Licensing : public ::testing::TestWithParam<std::string> {};

TEST_P(Licensing, AJobWaitsForLicensesUntilTheyAreGivenBack) {
  Cluster cluster(fleet().nodes(2).cores(4), licensed(GetParam()));
  const JobId first = cluster.run(job().licenses("matlab:2,ansys"));
  const JobId second = *cluster.submit(job().licenses("matlab:2"));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, second), Reason::licenses);
  const Verdict verdict = why_waits(cluster, second);
  EXPECT_EQ(verdict.amount, 1U);
  EXPECT_EQ(verdict.summary,
            "it is next, and waits for licenses: matlab, 2 asked, 1 of 3 free, 2 held by job 1");
  EXPECT_EQ(verdict.next_event, "the end of a job that holds such licenses");
  cluster.batch_ended(cluster.node_of(first), first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(second), JobState::running);
  EXPECT_EQ(cluster.state.index.licenses_used,
            (std::map<std::string, std::uint64_t>{{"matlab", 2}}));
  EXPECT_TRUE(ledger_faults(cluster.state).empty());
}

TEST_P(Licensing, WhatIsSuspendedKeepsItsLicenses) {
  Cluster cluster(fleet().nodes(2).cores(4), licensed(GetParam()));
  const JobId first = cluster.run(job().licenses("ansys"));
  ASSERT_TRUE(cluster.ask(SuspendJob{an_operator(), first}));
  const JobId second = *cluster.submit(job().licenses("ansys"));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, second), Reason::licenses);
}

TEST_P(Licensing, AreKnownAgainAfterARestart) {
  Cluster cluster(fleet().nodes(2).cores(4), licensed(GetParam()));
  cluster.run(job().licenses("ansys"));
  cluster.run(job().nodes(2).exclusive().licenses("matlab:2"));
  const auto used = cluster.state.index.licenses_used;
  cluster.restart_controller();
  EXPECT_EQ(cluster.state.index.licenses_used, used);
  EXPECT_EQ(cluster.state.index, rebuild_index(cluster.state.record));
}

/// Nodes are free all the time: only licenses can keep the second job from its start.
TEST_P(Licensing, NoLowerJobTakesTheLicensesOfAReservedOne) {
  if (GetParam() == "none") return;
  Cluster cluster(fleet().nodes(4).cores(4), licensed(GetParam()));
  const JobId first = cluster.run(job().licenses("matlab:2").minutes(30));
  const JobId waits = *cluster.submit(job().licenses("matlab:3").minutes(60));
  const JobId in_the_way = *cluster.submit(job().licenses("matlab").minutes(40));
  const JobId in_time = *cluster.submit(job().licenses("matlab").minutes(20));
  const JobId without = *cluster.submit(job().minutes(90));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, waits), Reason::licenses);
  EXPECT_EQ(cluster.job_state(in_the_way), JobState::pending);
  EXPECT_EQ(cluster.job_state(in_time), JobState::running);
  EXPECT_EQ(cluster.job_state(without), JobState::running);
  cluster.answer_all();
  cluster.batch_ended(cluster.node_of(in_time), in_time);
  cluster.batch_ended(cluster.node_of(first), first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waits), JobState::running);
  EXPECT_EQ(cluster.job_state(in_the_way), JobState::pending);
}

/// Licenses are of the cluster, not of a partition.
TEST_P(Licensing, AJobOfAnotherPartitionDoesNotTakeThemEither) {
  if (GetParam() == "none") return;
  Settings settings = licensed(GetParam());
  settings.partitions = {PartitionSettings{}, PartitionSettings{}};
  settings.partitions[0].nodes = "n[0-1]";
  settings.partitions[1].name = "other";
  settings.partitions[1].nodes = "n[2-3]";
  settings.partitions[1].is_default = false;
  Cluster cluster(fleet().nodes(4).cores(4), settings);
  cluster.run(job().licenses("matlab:2").minutes(30));
  const JobId waits = *cluster.submit(job().licenses("matlab:3").minutes(60));
  const JobId other = *cluster.submit(job().partitions({"other"}).licenses("matlab").minutes(40));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, waits), Reason::licenses);
  EXPECT_EQ(cluster.job_state(other), JobState::pending);
  EXPECT_EQ(reason(cluster, other), Reason::priority);
}

TEST_P(Licensing, WhatTheClusterDoesNotHaveIsRefused) {
  Cluster cluster(fleet().nodes(2).cores(4), licensed(GetParam()));
  const auto why = [&](const std::string& asked) {
    return submitted(cluster, job().licenses(asked));
  };
  EXPECT_EQ(why("matlab:4"), "--licenses matlab:4: the cluster has 3");
  EXPECT_EQ(why("matlap"),
            "--licenses matlap:1: the cluster has no such license; did you mean matlab?");
  EXPECT_EQ(why("x"), "--licenses x:1: the cluster has no such license");
}

/// A pool that is made smaller takes nothing from those who hold of it.
TEST_P(Licensing, APoolMayBecomeSmallerThanWhatIsHeld) {
  Cluster cluster(fleet().nodes(2).cores(4), licensed(GetParam()));
  const JobId first = cluster.run(job().licenses("matlab:3"));
  const JobId small = *cluster.submit(job().licenses("matlab"));
  const JobId large = *cluster.submit(job().licenses("matlab:2"));
  Settings changed = licensed(GetParam());
  changed.licenses.front().total = 1;
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), changed}));
  cluster.schedule();
  EXPECT_EQ(reason(cluster, small), Reason::licenses);
  EXPECT_EQ(reason(cluster, large), Reason::never_fits);
  EXPECT_EQ(why_waits(cluster, large).summary,
            "no state of this fleet fits it: licenses in partition batch: --licenses matlab:2: the "
            "cluster has 1");
  cluster.batch_ended(cluster.node_of(first), first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(small), JobState::running);
}

/// Whatever happens to jobs, nodes and the configuration.
TEST_P(Licensing, AreCountedRightlyThroughoutALife) {
  std::size_t seen = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomLife life(seed, GetParam() + " wishes");
    for (int i = 0; i < 150; ++i) {
      life.event();
      const State& state = life.cluster.state;
      ASSERT_EQ(ledger_faults(state), std::vector<std::string>{}) << "seed " << seed << " " << i;
      ASSERT_TRUE(state.index == rebuild_index(state.record, state.index.job_by_key.seed()))
          << "seed " << seed << " event " << i;
      for (const auto& [name, used] : state.index.licenses_used) {
        ASSERT_LE(used, name == "matlab" ? 3U : 1U) << "seed " << seed << " event " << i;
        ++seen;
      }
    }
  }
  EXPECT_GT(seen, 100U);
}

INSTANTIATE_TEST_SUITE_P(Kinds,
                         Licensing,
                         ::testing::Values("none", "easy", "easy-sjbf", "conservative"));

}  // namespace
}  // namespace cox::core
