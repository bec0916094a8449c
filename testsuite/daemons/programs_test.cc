// Prolog, epilog and health check of nodes with real daemons: when they run and with what
// environment, and what becomes of node and job when one fails, hangs, or its daemon is killed
// under it.
#include "testsuite/daemons/programs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

TEST(Programs, run_on_every_node_before_the_first_task_and_after_the_last) {
  Cluster cluster;
  Client client = cluster.client();
  const std::string both =
      "env > $COX_PROGRAM-$COX_NODE_NAME; id -u >> $COX_PROGRAM-$COX_NODE_NAME;"
      "echo $COX_PROGRAM >> order";
  configure(cluster, key("prolog", program_file(cluster, "prolog", both)) +
                         key("epilog", program_file(cluster, "epilog", both)));
  const auto id = client.submit(
      cluster.job("echo task >> order").nodes(2).named("bow wave").environment("MINE=1"));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  EXPECT_EQ(lines_of(cluster.file("order")),
            (std::vector<std::string>{"prolog", "prolog", "task", "epilog", "epilog"}));
  const std::vector<std::string> files = {"prolog-n1", "prolog-n2", "epilog-n1", "epilog-n2"};
  for (const std::string& file : files) {
    const std::string said = cluster.file(file);
    const std::vector<std::string> lines = {"COX_PROGRAM=" + file.substr(0, 6),
                                            "COX_NODE_NAME=" + file.substr(7),
                                            "COX_JOB_ID=1",
                                            "COX_ATTEMPT=1",
                                            "COX_JOB_NAME=bow wave",
                                            "COX_NNODES=2",
                                            "COX_NODELIST=n[1-2]",
                                            "COX_JOB_UID=" + std::to_string(::getuid()),
                                            "COX_JOB_GID=" + std::to_string(::getgid()),
                                            std::to_string(::geteuid())};
    for (const std::string& line : lines) {
      EXPECT_TRUE(has_line(said, line)) << line << " is not in " << file << ":\n" << said;
    }
    EXPECT_EQ(said.find("MINE"), std::string::npos) << said;
  }
  cluster.expect_nothing_left();
}

TEST(Programs, a_failing_prolog_sets_its_node_aside_and_the_job_starts_elsewhere) {
  Cluster cluster;
  Client client = cluster.client();
  const std::string bad = "[ $COX_NODE_NAME != n1 ] || { echo; echo no scratch disk; exit 3; }";
  const std::string path = program_file(cluster, "prolog", bad);
  configure(cluster, key("prolog", path));
  const auto id = client.submit(cluster.job("echo ran >> ran"));
  const wire::JobView ended = client.end_of(id);
  EXPECT_EQ(ended.state(), "COMPLETED");
  EXPECT_EQ(ended.node_list(), "n2");
  EXPECT_EQ(cluster.file("ran"), "ran\n");
  EXPECT_EQ(client.node("n1").state(), "failed");
  EXPECT_EQ(client.node("n1").reason(),
            "job 1: prolog " + path + ": exit status 3: no scratch disk");
  // A gang keeps its place until the node is mended and resumed.
  EXPECT_TRUE(client.act_on_node(wire::NodeAction::RESUME, "n1"));
  const auto gang = client.submit(cluster.job("echo gang >> ran").nodes(2));
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "failed"; }));
  EXPECT_TRUE(client.reaches(gang, "PENDING"));
  program_file(cluster, "prolog", "true");
  EXPECT_TRUE(client.act_on_node(wire::NodeAction::RESUME, "n1"));
  EXPECT_EQ(client.end_of(gang).state(), "COMPLETED");
  EXPECT_EQ(cluster.file("ran"), "ran\ngang\n");
  cluster.expect_nothing_left();
}

TEST(Programs, a_hanging_prolog_is_killed_and_counts_as_failed) {
  Cluster cluster;
  Client client = cluster.client();
  const std::string path =
      program_file(cluster, "prolog", "[ $COX_NODE_NAME != n1 ] || { echo waiting; sleep 1000; }");
  configure(cluster, key("prolog", path) + key("prolog_timeout", "1s"));
  const auto id = client.submit(cluster.job("true"));
  EXPECT_EQ(client.end_of(id).node_list(), "n2");
  EXPECT_EQ(client.node("n1").reason(),
            "job 1: prolog " + path + ": still ran after 0:01: waiting");
  cluster.expect_nothing_left();
}

TEST(Programs, one_that_is_not_there_is_named) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  configure(cluster, key("epilog", cluster.work() + "/nowhere"));
  const auto id = client.submit(cluster.job("exit 4"));
  EXPECT_EQ(client.end_of(id).state(), "FAILED");
  const wire::NodeView node = client.node("n1");
  EXPECT_EQ(node.state(), "failed");
  EXPECT_NE(node.reason().find(cluster.work() + "/nowhere"), std::string::npos) << node.reason();
  EXPECT_NE(node.reason().find("no such file"), std::string::npos) << node.reason();
  cluster.expect_nothing_left();
}

TEST(Programs, a_failing_epilog_sets_its_node_aside_when_the_job_has_ended_well) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const std::string path = program_file(
      cluster, "epilog", "while [ ! -e go ]; do sleep 0.02; done; echo 'no \033[1m' >&2; exit 1");
  configure(cluster, key("epilog", path));
  const auto id = client.submit(cluster.job("true"));
  EXPECT_TRUE(client.reaches(id, "COMPLETING")) << "until the node has it behind it";
  const Ran queue = cluster.shell("cox queue --no-header -o state");
  EXPECT_EQ(queue.output, "COMPLETING\n");
  const auto next = client.submit(cluster.job("true").exclusive());
  EXPECT_EQ(client.state(next), "PENDING");
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  EXPECT_EQ(client.node("n1").state(), "failed");
  EXPECT_EQ(client.node("n1").reason(), "job 1: epilog " + path + ": exit status 1: no \\x1b[1m");
  EXPECT_EQ(client.state(next), "PENDING");
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, next));
  cluster.expect_nothing_left();
}

TEST(Programs, a_daemon_killed_in_the_prolog_begins_again_and_one_in_the_epilog_loses_no_result) {
  ClusterOptions options;
  options.nodes = 1;
  options.scheduling = "back_off = \"1s\"\n";
  Cluster cluster(options);
  Client client = cluster.client();
  const std::string waits =
      "echo $COX_PROGRAM >> order; while [ ! -e go-$COX_PROGRAM ]; do "
      "sleep 0.02; done";
  configure(cluster, key("prolog", program_file(cluster, "prolog", waits)) +
                         key("epilog", program_file(cluster, "epilog", waits)));
  const auto id = client.submit(cluster.job("echo task >> order; exit 5"));
  EXPECT_TRUE(cluster.shows("order", "prolog"));
  cluster.kill_node(0);
  cluster.write("go-prolog", "");
  cluster.write("order", "");
  // What the killed daemon's start left is cleaned up by the epilog, too.
  cluster.start_node(0);
  EXPECT_TRUE(cluster.shows("order", "epilog"));
  cluster.write("go-epilog", "");
  EXPECT_TRUE(cluster.shows("order", "task"));
  EXPECT_EQ(client.end_of(id).state(), "FAILED");
  EXPECT_EQ(::unlink((cluster.work() + "/go-epilog").c_str()), 0);
  cluster.write("order", "");
  const auto other = client.submit(cluster.job("exit 6"));
  EXPECT_TRUE(cluster.shows("order", "epilog"));
  cluster.kill_node(0);
  cluster.start_node(0);
  cluster.write("go-epilog", "");
  const wire::JobView ended = client.end_of(other);
  EXPECT_EQ(ended.state(), "FAILED");
  EXPECT_EQ(ended.exit_code(), 6);
  cluster.expect_nothing_left();
}

TEST(Programs, a_job_cancelled_in_its_prolog_never_runs) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  configure(cluster, key("prolog",
                         program_file(cluster, "prolog",
                                      "echo on >> begun; while [ ! -e go ]; do sleep 0.02; done")));
  const auto id = client.submit(cluster.job("echo ran >> ran"));
  EXPECT_TRUE(cluster.shows("begun", "on"));
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "CANCELLED");
  EXPECT_EQ(cluster.file("ran"), "");
  EXPECT_EQ(client.node("n1").state(), "idle");
  cluster.expect_nothing_left();
}

TEST(Health, a_node_is_aside_for_as_long_as_its_check_fails) {
  Cluster cluster;
  Client client = cluster.client();
  const std::string path = program_file(
      cluster, "check",
      "[ ! -e sick ] || [ $COX_NODE_NAME = n2 ] || { echo disk is full; echo more; exit 1; }");
  configure(cluster, key("health", path) + key("health_period", "1s"));
  cluster.write("sick", "");
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "unhealthy"; }));
  EXPECT_EQ(client.node("n1").reason(), "disk is full");
  const auto id = client.submit(cluster.job("true").exclusive());
  EXPECT_EQ(client.end_of(id).node_list(), "n2");
  const auto waiting = client.submit(cluster.job("true").on("n1"));
  const Ran why = cluster.shell("cox why " + std::to_string(waiting));
  EXPECT_NE(why.output.find("unhealthy: n1"), std::string::npos) << why.output;
  // Whoever resumes it does not make it well.
  EXPECT_TRUE(client.act_on_node(wire::NodeAction::RESUME, "n1"));
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "unhealthy"; }));
  cluster.kill_controller();
  cluster.start_controller();
  EXPECT_TRUE(cluster.hears_all_nodes());
  EXPECT_EQ(client.node("n1").state(), "unhealthy");
  EXPECT_EQ(::unlink((cluster.work() + "/sick").c_str()), 0);
  EXPECT_EQ(client.end_of(waiting).node_list(), "n1");
  cluster.expect_nothing_left();
}

TEST(Health, a_check_that_hangs_fails_and_one_that_is_taken_out_holds_nothing) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const std::string path = program_file(cluster, "check", "echo looks at disks; sleep 1000");
  configure(cluster, key("health", path) + key("health_timeout", "1s"));
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "unhealthy"; }));
  EXPECT_EQ(client.node("n1").reason(), path + ": still ran after 0:01: looks at disks");
  const Ran ran = cluster.shell("cox config apply ../cox.toml");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "idle"; }));
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
