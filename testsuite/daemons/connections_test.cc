// Controller and nodes over TCP: with the cluster's key, and with a MUNGE of the test's own.
#include <gtest/gtest.h>

#include "testsuite/daemons/cluster.h"
#include "testsuite/daemons/own_munge.h"

namespace cox::daemons {
namespace {

void expect_steps_on_both(Cluster& cluster) {
  Client client = cluster.client();
  const auto batch = client.submit(cluster.job("echo $COX_NODELIST; cox run echo task").nodes(2));
  EXPECT_EQ(client.end_of(batch).state(), "COMPLETED") << cluster.file("1.out");
  EXPECT_EQ(cluster.file("1.out"), "n[1-2]\ntask\ntask\n");
  const auto ran = cluster.shell("cox run -N 2 -n 2 -l echo task");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("0: task"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("1: task"), std::string::npos) << ran.output;
}

TEST(Tcp, with_the_cluster_key_does_all_that_a_socket_does) {
  Cluster cluster({.transport = Transport::tcp_with_key, .emulated = false});
  expect_steps_on_both(cluster);
  cluster.expect_nothing_left();
}

TEST(Tcp, with_another_key_is_refused) {
  Cluster cluster({.nodes = 1, .transport = Transport::tcp_with_key, .emulated = false});
  Client stranger = cluster.client_with_key(std::string(32, 'k'));
  wire::ClientRequest request;
  request.mutable_status();
  EXPECT_FALSE(stranger.ask(request));
  Client empty_handed = cluster.client_with_key("");
  EXPECT_FALSE(empty_handed.ask(request));
  cluster.expect_nothing_left();
}

TEST(Tcp, a_killed_controller_finds_its_nodes_again) {
  Cluster cluster({.transport = Transport::tcp_with_key, .emulated = false});
  Client client = cluster.client();
  const auto id =
      client.submit(cluster.job("echo on; while [ ! -e go ]; do sleep 0.02; done").nodes(2));
  cluster.shows("1.out", "on");
  cluster.kill_controller();
  cluster.start_controller();
  EXPECT_TRUE(cluster.hears_all_nodes());
  EXPECT_EQ(client.state(id), "RUNNING");
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(Tcp, with_munge_does_all_that_a_socket_does) {
  const OwnMunge munge;
  if (!munge.runs()) GTEST_SKIP() << "munge is not installed or cannot be started here";
  Cluster cluster({.transport = Transport::tcp_with_munge,
                   .emulated = false,
                   .cluster = "root_from_nodes = true\n"});
  expect_steps_on_both(cluster);
  cluster.expect_nothing_left();
}

// Over the socket, where nobody needs MUNGE to ask: the nodes do.
TEST(Doctor, with_munge_asks_for_a_credential_and_for_no_key) {
  Cluster cluster({.nodes = 1, .emulated = false, .cluster = "auth = \"munge\"\n"});
  const Ran ran = cluster.shell("PATH=${PATH##*:} cox doctor");
  EXPECT_EQ(ran.status, 1) << ran.output;
  EXPECT_NE(ran.output.find("auth is \"munge\""), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("apt-get install munge"), std::string::npos) << ran.output;
  EXPECT_EQ(ran.output.find("cluster.key is not there"), std::string::npos) << ran.output;
  cluster.expect_nothing_left();
}

TEST(Tcp, with_munge_tells_users_apart) {
  const OwnMunge munge;
  if (!munge.runs()) GTEST_SKIP() << "munge is not installed or cannot be started here";
  Cluster cluster({.nodes = 1, .transport = Transport::tcp_with_munge, .emulated = false});
  const auto ran = cluster.shell("cox run id -u", 65534);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, "65534\n");
  cluster.expect_nothing_left();
}

TEST(Tcp, with_munge_a_node_speaks_for_its_users_but_not_for_root) {
  const OwnMunge munge;
  if (!munge.runs()) GTEST_SKIP() << "munge is not installed or cannot be started here";
  Cluster cluster({.nodes = 1, .transport = Transport::tcp_with_munge, .emulated = false});
  Client root = cluster.client();
  const std::string script = "cox run id -u; echo status $?";
  const auto of_user = root.submit(cluster.job(script).as(65534).output("user.out"));
  EXPECT_EQ(root.end_of(of_user).state(), "COMPLETED");
  EXPECT_EQ(cluster.file("user.out"), "65534\nstatus 0\n");
  const auto of_root = root.submit(cluster.job(script).output("root.out"));
  EXPECT_EQ(root.end_of(of_root).state(), "COMPLETED");
  EXPECT_EQ(cluster.file("root.out"),
            "cox: node n1 may not speak for uid 0 (see: root_from_nodes in man coxswain.toml)\n"
            "status 125\n");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
