// What is under way when a daemon dies goes on when it is back: a step that waits for its nodes,
// and an end that leaves its tasks their time.
#include <gtest/gtest.h>

#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

TEST(Reconcile, a_step_that_prepares_while_the_controller_is_killed_still_runs) {
  Cluster cluster;
  Client client = cluster.client();
  const auto id = client.submit(
      cluster.job("echo on; while [ ! -e go ]; do sleep 0.02; done; cox run -N 2 -n 2 echo task")
          .nodes(2));
  cluster.shows("1.out", "on");
  // A step prepares for as long as one of its nodes says nothing.
  cluster.node(1).signal(SIGSTOP);
  cluster.write("go", "");
  EXPECT_TRUE(eventually([&] { return client.view(id).steps_size() == 2; }));
  cluster.kill_controller();
  cluster.start_controller();
  EXPECT_TRUE(eventually([&] { return client.status().pid() > 0; }));
  cluster.node(1).signal(SIGCONT);
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  EXPECT_EQ(cluster.file("1.out"), "on\ntask\ntask\n");
  EXPECT_EQ(client.view(id).steps_size(), 2) << "the step was asked for twice and ran twice";
  cluster.expect_nothing_left();
}

TEST(Reconcile, a_node_daemon_killed_while_a_job_ends_leaves_its_tasks_their_time) {
  ClusterOptions patient;
  patient.nodes = 1;
  patient.kill_wait = "10m";
  Cluster cluster(patient);
  Client client = cluster.client();
  // It saves its work for as long as it may; KILL would come before it is done.
  const auto id =
      client.submit(cluster.job("trap 'echo saving' TERM\necho on\n"
                                "while [ ! -e go ]; do sleep 0.02; done\necho saved"));
  cluster.shows("1.out", "on");
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  cluster.shows("1.out", "saving");
  cluster.kill_node(0);
  cluster.start_node(0);
  // It learns of the end from the controller again.
  cluster.shows("../noded-n1.log", "session 2");
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "CANCELLED");
  EXPECT_NE(cluster.file("1.out").find("saved"), std::string::npos) << cluster.file("1.out");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
