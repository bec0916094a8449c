// Nodes that are cut off: what becomes of their jobs, with fence = "self" and without, and that
// both sides notice a connection over which nothing comes any more. Each runs in network namespaces
// of its own.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

class CutOff : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!network_.is_up()) GTEST_SKIP() << "network namespaces need root and iproute2";
  }

  ClusterOptions options(const std::string& fence) const {
    ClusterOptions made;
    made.emulated = false;
    made.network = &network_;
    made.scheduling = "silent_after = \"1s\"\nlost_after = \"8s\"\nfence = \"" + fence + "\"\n";
    return made;
  }

  // Locked for as long as a process of the run lives, so that two runs at once are seen. TERM alone
  // does not end it.
  static Job job(const Cluster& cluster) {
    return cluster
        .job(
            "exec 9>>lock; flock -n 9 || echo overlap >> ran\ntrap '' TERM\n"
            "echo start >> ran; while [ ! -e go ]; do sleep 0.02; done; echo end >> ran")
        .requeue(true);
  }

  static bool runs_again(Cluster& cluster) {
    return eventually([&] { return count_lines(cluster.file("ran"), "start") == 2; });
  }

  static std::string state_of(Client& client, const std::string& name) {
    for (const wire::NodeView& node : client.nodes()) {
      if (node.name() == name) return node.state();
    }
    return {};
  }

  std::string node_of(Client& client, std::uint64_t id) { return client.view(id).node_list(); }

  CutNetwork network_{2};
};

TEST_F(CutOff, with_fence_the_tasks_have_ended_before_the_job_runs_elsewhere) {
  Cluster cluster(options("self"));
  Client client = cluster.client();
  const auto id = client.submit(job(cluster).on("n1"));
  cluster.shows("ran", "start");
  network_.cut(0);
  // It may run on n1 alone: it starts again when the node is back, and not a moment before its old
  // tasks have ended.
  EXPECT_TRUE(client.reaches(id, "PENDING"));
  EXPECT_EQ(state_of(client, "n1"), "lost");
  const auto next = client.submit(cluster.job("flock -n lock true && echo free >> ran").on("n2"));
  EXPECT_EQ(client.end_of(next).state(), "COMPLETED");
  EXPECT_EQ(count_lines(cluster.file("ran"), "free"), 1U) << "a task of the lost node lives";
  network_.mend(0);
  EXPECT_TRUE(runs_again(cluster));
  EXPECT_EQ(count_lines(cluster.file("ran"), "overlap"), 0U);
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST_F(CutOff, with_fence_a_dead_node_daemon_does_not_keep_the_tasks_alive) {
  Cluster cluster(options("self"));
  Client client = cluster.client();
  const auto id = client.submit(job(cluster));
  cluster.shows("ran", "start");
  const std::uint32_t first = node_of(client, id) == "n1" ? 0 : 1;
  cluster.kill_node(first);
  EXPECT_TRUE(runs_again(cluster));
  EXPECT_EQ(count_lines(cluster.file("ran"), "overlap"), 0U);
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.start_node(first);
  EXPECT_TRUE(cluster.hears_all_nodes());
  cluster.expect_nothing_left();
}

TEST_F(CutOff, with_fence_a_controller_that_is_back_in_time_changes_nothing) {
  Cluster cluster(options("self"));
  Client client = cluster.client();
  const auto id = client.submit(job(cluster));
  cluster.shows("ran", "start");
  cluster.kill_controller();
  cluster.start_controller();
  EXPECT_TRUE(cluster.hears_all_nodes());
  EXPECT_EQ(client.state(id), "RUNNING");
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  EXPECT_EQ(cluster.file("ran"), "start\nend\n");
  cluster.expect_nothing_left();
}

TEST_F(CutOff, without_fence_the_old_tasks_end_when_the_node_is_back) {
  Cluster cluster(options("none"));
  Client client = cluster.client();
  const auto id = client.submit(job(cluster).on("n1"));
  cluster.shows("ran", "start");
  network_.cut(0);
  EXPECT_TRUE(client.reaches(id, "PENDING"));
  const auto next = client.submit(cluster.job("flock -n lock true || echo held >> ran").on("n2"));
  EXPECT_EQ(client.end_of(next).state(), "COMPLETED");
  EXPECT_EQ(count_lines(cluster.file("ran"), "held"), 1U) << "this is what fence = self is for";
  network_.mend(0);
  EXPECT_TRUE(runs_again(cluster));
  EXPECT_EQ(count_lines(cluster.file("ran"), "overlap"), 0U)
      << "the node runs two attempts at once";
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST_F(CutOff, both_sides_give_up_a_connection_over_which_nothing_comes) {
  ClusterOptions patient = options("none");
  patient.scheduling = "silent_after = \"1s\"\nlost_after = \"5m\"\n";
  Cluster cluster(patient);
  Client client = cluster.client();
  network_.cut(0);
  cluster.shows("../ctld.log", "node n1: silent for 0:03, its connection is given up");
  cluster.shows("../noded-n1.log", "answers no heartbeat");
  EXPECT_EQ(state_of(client, "n1"), "silent");
  network_.mend(0);
  EXPECT_TRUE(cluster.hears_all_nodes());
  const auto id = client.submit(cluster.job("true").nodes(2));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
