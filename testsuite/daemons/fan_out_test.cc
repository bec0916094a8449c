// Steps whose supervisors form a tree, on whole clusters: on as many nodes as this machine bears,
// and with a supervisor between others that is killed in each phase.
#include <gtest/gtest.h>

#include <csignal>
#include <set>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  for (const auto line : split(text, '\n')) {
    if (!line.empty()) lines.emplace(line);
  }
  return lines;
}

TEST(FanOut, sixty_four_nodes_with_one_and_with_eight_tasks_each) {
  Cluster cluster({.nodes = 64, .topology = "core:8 pu:1", .scheduling = "fan_out = 4\n"});
  for (const int tasks : {64, 512}) {
    const auto ran = cluster.shell("cox run -N 64 -n " + std::to_string(tasks) +
                                   " sh -c 'echo $COX_RANK of $COX_NTASKS'");
    EXPECT_EQ(ran.status, 0) << ran.output;
    std::multiset<std::string> expected;
    for (int rank = 0; rank < tasks; ++rank) {
      expected.insert(std::to_string(rank) + " of " + std::to_string(tasks));
    }
    EXPECT_EQ(lines_of(ran.output), expected);
  }
  cluster.expect_nothing_left();
}

/// n1 is the root, below it n2 with n3 and n4, and n5 with n6 and n7.
class FanOutOfSeven : public ::testing::Test {
 protected:
  void run(const std::string& options = "") {
    cluster_.write("task", R"(trap "echo bye $COX_RANK; exit 0" TERM
echo up $COX_RANK
while :; do sleep 0.05; done
)");
    run_ = Child(
        cluster_.shell_request("exec cox run -N 7 -n 7 " + options + " sh task > out 2> err"));
  }

  std::multiset<std::string> out() const { return lines_of(cluster_.file("out")); }

  bool all_are(const std::string& word) const {
    return eventually([&] {
      const auto all = out();
      for (int rank = 0; rank < 7; ++rank) {
        if (!all.contains(word + " " + std::to_string(rank))) return false;
      }
      return true;
    });
  }

  std::vector<int> supervisors_on(const std::string& node) const {
    return processes_called("coxstepd", cluster_.dir() + "/steps-" + node + "/");
  }

  void kill_on(const std::string& node) {
    EXPECT_TRUE(eventually([&] { return !supervisors_on(node).empty(); }));
    for (const int pid : supervisors_on(node)) ::kill(pid, SIGKILL);
  }

  /// What was written up to the end by all tasks but that of the node which lost its supervisor.
  void expect_farewells(int but) const {
    const auto all = out();
    for (int rank = 0; rank < 7; ++rank) {
      const std::string number = std::to_string(rank);
      EXPECT_EQ(all.count("up " + number), 1U) << rank;
      EXPECT_EQ(all.count("bye " + number), rank == but ? 0U : 1U) << rank;
    }
  }

  Cluster cluster_{{.nodes = 7,
                    .cluster = "",
                    .kill_wait = "5s",
                    .scheduling = "fan_out = 2\nback_off = \"1s\"\n"}};
  Client client_ = cluster_.client();
  Child run_;
};

TEST_F(FanOutOfSeven, whose_inner_supervisor_dies_before_the_release_starts_again) {
  cluster_.node(6).signal(SIGSTOP);  // so that the gang prepares for as long as we need
  run();
  kill_on("n2");
  EXPECT_TRUE(eventually([&] {
    const auto job = client_.view(1);
    return job.attempt() > 1 || job.state() == "PENDING";
  }));
  cluster_.node(6).signal(SIGCONT);
  EXPECT_TRUE(all_are("up")) << cluster_.file("err");
  EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, 1));
  EXPECT_GT(run_.wait(), 0);
  expect_farewells(-1);
  cluster_.expect_nothing_left();
}

TEST_F(FanOutOfSeven, whose_inner_supervisor_dies_while_it_runs_ends_with_all_the_others_said) {
  run();
  EXPECT_TRUE(all_are("up")) << cluster_.file("err");
  kill_on("n2");
  EXPECT_GT(run_.wait(), 0);
  expect_farewells(1);
  EXPECT_NE(cluster_.file("err").find("n2"), std::string::npos) << cluster_.file("err");
  EXPECT_EQ(client_.end_of(1).state(), "NODE_FAIL");
  cluster_.expect_nothing_left();
}

TEST_F(FanOutOfSeven, whose_inner_node_dies_while_it_runs_ends_with_all_the_others_said) {
  run();
  EXPECT_TRUE(all_are("up")) << cluster_.file("err");
  cluster_.kill_node(1);
  kill_on("n2");
  EXPECT_GT(run_.wait(), 0);
  expect_farewells(1);
  cluster_.start_node(1);
  EXPECT_EQ(client_.end_of(1).state(), "NODE_FAIL");
  cluster_.expect_nothing_left();
}

TEST_F(FanOutOfSeven, whose_inner_supervisor_dies_while_it_ends_loses_nothing_of_the_others) {
  cluster_.write("task",
                 R"(trap "until [ -e go ]; do sleep 0.02; done; echo bye $COX_RANK; exit 0" TERM
echo up $COX_RANK
while :; do sleep 0.05; done
)");
  run_ = Child(cluster_.shell_request("exec cox run -N 7 -n 7 sh task > out 2> err"));
  EXPECT_TRUE(all_are("up")) << cluster_.file("err");
  EXPECT_TRUE(client_.act(wire::JobAction::CANCEL, 1));
  EXPECT_TRUE(client_.reaches(1, "COMPLETING"));
  kill_on("n2");
  cluster_.write("go", "");
  EXPECT_GT(run_.wait(), 0);
  expect_farewells(1);
  EXPECT_EQ(client_.end_of(1).state(), "CANCELLED");
  cluster_.expect_nothing_left();
}

TEST_F(FanOutOfSeven, whose_lowest_supervisor_dies_ends_by_its_name) {
  run();
  EXPECT_TRUE(all_are("up")) << cluster_.file("err");
  kill_on("n4");
  EXPECT_GT(run_.wait(), 0);
  expect_farewells(3);
  EXPECT_EQ(client_.end_of(1).state(), "NODE_FAIL");
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
