// What a task finds around itself: its user and nothing else of who started it.
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// Variables of an outer job, and those of the daemons themselves.
const std::vector<std::string> outer = {"COX_JOB_ID=999", "SLURM_JOB_ID=999", "PMI_RANK=999",
                                        "PMIX_RANK=999", "OF_THE_DAEMON=999"};

class Task : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "jobs of another user need root";
  }

  Cluster cluster_{{.nodes = 1, .daemon_environment = outer}};
};

TEST_F(Task, of_a_batch_job_is_the_user_who_submitted_it) {
  cluster_.write("script",
                 "#!/bin/sh\nid -u; id -g; id -G; umask; ulimit -n; ls /proc/self/fd | xargs\n");
  const auto ran =
      cluster_.shell("umask 027; ulimit -n 512; cox submit -o %j.txt script && cox wait 1", nobody);
  EXPECT_EQ(ran.status, 0) << ran.output;
  const std::string output = cluster_.file("1.txt");
  const auto lines = split(output, '\n');
  ASSERT_GE(lines.size(), 6U) << output << ran.output;
  EXPECT_EQ(lines[0], "65534");
  EXPECT_EQ(lines[1], "65534");
  EXPECT_EQ(lines[2], "65534");
  EXPECT_EQ(lines[3], "0027");
  EXPECT_EQ(lines[4], "512");
  EXPECT_EQ(lines[5], "0 1 2 3");
  cluster_.expect_nothing_left();
}

TEST_F(Task, of_an_interactive_job_is_the_user_who_runs_it) {
  const auto ran = cluster_.shell(
      "umask 027; cox run sh -c 'id -u; id -g; id -G; umask; ls /proc/self/fd | xargs'", nobody);
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.output, "65534\n65534\n65534\n0027\n0 1 2 3\n");
  cluster_.expect_nothing_left();
}

TEST_F(Task, has_no_capability_and_cannot_get_one) {
  const auto ran =
      cluster_.shell("cox run grep -E '^Cap(Prm|Eff|Inh|Amb)' /proc/self/status", nobody);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output,
            "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
            "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
  cluster_.expect_nothing_left();
}

TEST_F(Task, sees_no_variable_of_an_outer_job_or_of_the_daemons) {
  cluster_.write("script", "#!/bin/sh\nenv\n");
  const std::string with_outer = "SLURM_JOB_ID=999 PMI_RANK=999 PMIX_RANK=999 KEPT=kept ";
  const auto batch = cluster_.shell(
      with_outer + "COX_JOB_ID=999 cox submit -o env.txt script; cox wait 1", nobody);
  EXPECT_EQ(batch.status, 0) << batch.output;
  const std::string variables = cluster_.file("env.txt");
  EXPECT_EQ(variables.find("999"), std::string::npos) << variables;
  EXPECT_NE(variables.find("\nKEPT=kept\n"), std::string::npos) << variables;
  EXPECT_NE(variables.find("COX_JOB_ID=1\n"), std::string::npos) << variables;
  const auto interactive = cluster_.shell(with_outer + "cox run env", nobody);
  EXPECT_EQ(interactive.status, 0) << interactive.output;
  EXPECT_EQ(interactive.output.find("999"), std::string::npos) << interactive.output;
  EXPECT_NE(interactive.output.find("COX_JOB_ID=2\n"), std::string::npos) << interactive.output;
  cluster_.expect_nothing_left();
}

TEST_F(Task, of_one_user_cannot_be_touched_by_another) {
  Client root = cluster_.client();
  const auto id = root.submit(cluster_.job("echo on; exec sleep 1000"));
  cluster_.shows("1.out", "on");
  EXPECT_NE(cluster_.shell("cox cancel 1", nobody).status, 0);
  EXPECT_EQ(root.state(id), "RUNNING");
  EXPECT_TRUE(root.act(wire::JobAction::CANCEL, id));
  EXPECT_EQ(root.end_of(id).state(), "CANCELLED");
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
