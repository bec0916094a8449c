// What no state of the fleet fits is refused at submit; what may yet fit is not.
#include "core/schedule/impossible.h"

#include <gtest/gtest.h>

#include <string>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

constexpr Duration settled = seconds(5);  // Settings::silent_after

Settings listed(const std::string& nodes) {
  Settings settings;
  settings.partitions[0].nodes = nodes;
  return settings;
}

std::string answer(Cluster& cluster, const JobBuilder& job) {
  const auto facts = cluster.ask(job.submit());
  return facts.has_value() ? "accepted" : facts.error().message;
}

const std::string where = " (see: cox nodes -p batch)";

TEST(Impossible, EachRefusalNamesTheOptionTheValueAndTheMostThereIs) {
  Cluster cluster(fleet().nodes(4).cores(2).memory_mib(1024).devices("gpu", 2).pool("disk", 9),
                  listed("n[0-3]"));
  const auto refused = [&](const JobBuilder& request, const std::string& text) {
    EXPECT_EQ(answer(cluster, request), text + where);
  };
  refused(job().memory_mib(900 * 1024), "--mem 900G: no node of partition batch has more than 1G");
  refused(job().cpus(2).memory_per_cpu_mib(1024),
          "--mem-per-cpu 1G, on one node 2G: no node of partition batch has more than 1G");
  refused(job().nodes(9), "--nodes 9: partition batch has 4 nodes");
  refused(job().on({"n9"}), "--nodelist n9: partition batch has no such node");
  refused(job().cpus(3), "--cpus-per-task 3: no node of partition batch has more than 2 cores");
  refused(job().devices("gpu", 20), "--gres gpu:20: no node of partition batch has more than 2");
  refused(job().nodes(2).devices("gpu", 3),
          "--gres gpu:3: no node of partition batch has more than 2");
  refused(job().devices("disk", 10), "--gres disk:10: no node of partition batch has more than 9");
  refused(job().nodes(2).tasks(8),
          "--ntasks 8: 2 nodes of partition batch have room for 4 at most");
  refused(job().nodes(1, 99).tasks(99),
          "--ntasks 99: 4 nodes of partition batch have room for 8 at most");
  refused(job().tasks_per_node(3),
          "--ntasks-per-node 3: no node of partition batch has more than room for 2 tasks");
  refused(job().nodes(1, 5).tasks(10).tasks_per_node(2),
          "--ntasks 10, at 2 on each of 5 nodes: partition batch has 4 nodes");
  refused(job().nodes(4).not_on({"n0"}),
          "--nodes 4: partition batch has 3 nodes that are not excluded");
  EXPECT_TRUE(cluster.state.record.jobs.empty());
}

TEST(Impossible, NodesCountWithWhatTheyLastReportedWhateverTheirCondition) {
  Cluster cluster(fleet().nodes(2), listed("n[0-1]"));
  cluster.ask(SetNodeAside{root(), "n0", false, "disk"});
  cluster.disconnect(NodeId{1});
  cluster.advance(minutes(60));
  cluster.ask(CheckTime{});
  EXPECT_EQ(answer(cluster, job().nodes(2).tasks(8)), "accepted");
  EXPECT_EQ(answer(cluster, job().nodes(2).tasks(9)),
            "--ntasks 9: 2 nodes of partition batch have room for 8 at most" + where);
}

TEST(Impossible, OfNodesThatHaveNotComeYetOnlyTheirNamesAreKnown) {
  Cluster cluster(fleet().nodes(1), listed("n[0-3]"));
  EXPECT_EQ(answer(cluster, job().cpus(64)), "accepted");
  EXPECT_EQ(answer(cluster, job().nodes(4)), "accepted");
  EXPECT_EQ(answer(cluster, job().on({"n3"})), "accepted");
  EXPECT_EQ(answer(cluster, job().nodes(5)), "--nodes 5: partition batch has 4 nodes" + where);
  EXPECT_EQ(answer(cluster, job().nodes(4).not_on({"n2"})),
            "--nodes 4: partition batch has 3 nodes that are not excluded" + where);
  EXPECT_EQ(answer(cluster, job().on({"n4"})),
            "--nodelist n4: partition batch has no such node" + where);
}

TEST(Impossible, NothingIsRefusedBeforeTheFirstNodeCame) {
  Cluster cluster(fleet().nodes(0), listed("n[0-3]"));
  EXPECT_EQ(answer(cluster, job().nodes(9)), "accepted");
}

TEST(Impossible, APartitionOfEveryNodeIsJudgedOnceNoMoreNodesCome) {
  Cluster cluster(fleet().nodes(2));
  EXPECT_EQ(answer(cluster, job().nodes(3)), "accepted");
  cluster.advance(microseconds(settled.us - 1));
  EXPECT_EQ(answer(cluster, job().nodes(3)), "accepted");
  cluster.advance(microseconds(1));
  EXPECT_EQ(answer(cluster, job().nodes(3)), "--nodes 3: partition batch has 2 nodes" + where);
  cluster.connect(fleet().named("late").node(0));
  EXPECT_EQ(answer(cluster, job().nodes(4)), "accepted");
}

TEST(Impossible, OneOfSeveralPartitionsIsEnough) {
  Settings settings = listed("n0");
  settings.partitions.push_back(settings.partitions[0]);
  settings.partitions[1].name = "wide";
  settings.partitions[1].nodes = "n[0-1]";
  settings.partitions[1].is_default = false;
  Cluster cluster(fleet().nodes(2), settings);
  EXPECT_EQ(answer(cluster, job().nodes(2).partitions({"batch", "wide"})), "accepted");
  EXPECT_EQ(answer(cluster, job().nodes(3).partitions({"batch", "wide"})),
            "--nodes 3: partition batch has 1 node" + where +
                "; --nodes 3: partition wide has 2 nodes (see: cox nodes -p wide)");
}

TEST(Impossible, AResendIsAnsweredWithItsJobWhateverTheFleetIsNow) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(3), 7);
  cluster.advance(settled);
  EXPECT_EQ(cluster.submit(job().nodes(3), 7), id);
}

TEST(Impossible, WhatFitsNoNodeAsAWholeIsRefusedThoughEachPartFits) {
  Settings settings = listed("a0,b0");
  Cluster cluster(fleet().nodes(1).cores(8).memory_mib(1000).named("a"), settings);
  cluster.connect(fleet().cores(1).memory_mib(9000).named("b").node(0));
  EXPECT_EQ(answer(cluster, job().cpus(8).memory_mib(9000)),
            "fewer than 1 node of partition batch have all that it asks for together" + where);
}

}  // namespace
}  // namespace cox::core
