// cox join between network namespaces: what is another host to the controller becomes a node.
#include <gtest/gtest.h>

#include <csignal>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// A host that may join, at the end of a cable of the controller's.
class JoinTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!network_.is_up()) GTEST_SKIP() << "network namespaces need root and iproute2";
  }

  void TearDown() override { leave(); }

  static ClusterOptions options(const CutNetwork& network) {
    ClusterOptions made;
    made.nodes = 1;
    made.emulated = false;
    made.network = &network;
    return made;
  }

  /// `cox join` on the second host, with these words behind it.
  Ran join(const Cluster& cluster, const std::string& words) {
    dir_ = cluster.dir() + "/joined";
    return cluster.shell("exec nsenter --net=" + network_.node_file(1) + " cox join " +
                         CutNetwork::controller_address(1) + " --dir " + dir_ + " " + words);
  }

  static std::string token(const Cluster& cluster) {
    const Ran ran = cluster.shell("cox join --print-token --dir " + cluster.dir());
    EXPECT_EQ(ran.status, 0) << ran.output;
    return std::string(trim(ran.output));
  }

  int daemon() const { return platform::lock_holder(dir_ + "/noded-n2.pid").value_or(0); }

  /// The joined daemon is no child of ours.
  void leave() {
    const int pid = dir_.empty() ? 0 : daemon();
    if (pid != 0) ::kill(pid, SIGTERM);
    EXPECT_TRUE(eventually([&] { return dir_.empty() || daemon() == 0; }));
  }

  CutNetwork network_{2};
  std::string dir_;
};

TEST_F(JoinTest, a_second_host_takes_jobs_when_the_command_returns) {
  Cluster cluster(options(network_));
  Client client = cluster.client();
  cluster.write("token", token(cluster) + "\n");
  const Ran ran = join(cluster, "--name n2 --token - < token");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, "node n2 has joined: idle, in batch\n");
  // A gang over both: its supervisors reach each other at the addresses of their hosts.
  const auto id = client.submit(cluster.job("cox run -N 2 -n 2 hostname").nodes(2).exclusive());
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED") << cluster.file(std::to_string(id) + ".out");
  EXPECT_EQ(client.view(id).node_list(), "n[1-2]");
  for (const wire::NodeView& node : client.nodes()) {
    const std::uint32_t index = node.name() == "n1" ? 0 : 1;
    EXPECT_EQ(node.address(), CutNetwork::node_address(index));
  }
  const Ran here = join(cluster, "--name n2 --token " + token(cluster));
  EXPECT_EQ(here.status, 1) << here.output;
  EXPECT_NE(here.output.find("runs here already"), std::string::npos) << here.output;
  leave();
  cluster.expect_nothing_left();
}

TEST_F(JoinTest, a_token_is_good_once_and_a_name_must_be_free) {
  Cluster cluster(options(network_));
  const std::string once = token(cluster);
  const Ran taken = join(cluster, "--name n1 --token " + once);
  EXPECT_EQ(taken.status, 1) << taken.output;
  EXPECT_NE(taken.output.find("n1 is in the cluster already"), std::string::npos) << taken.output;
  const Ran first = join(cluster, "--name n2 --token " + once);
  EXPECT_EQ(first.status, 0) << first.output << "what was refused used nothing up";
  leave();
  cluster.kill_controller();
  cluster.start_controller();
  const Ran replayed = join(cluster, "--name n2 --token " + once);
  EXPECT_EQ(replayed.status, 4) << replayed.output;
  EXPECT_NE(replayed.output.find("was used already"), std::string::npos) << replayed.output;
  EXPECT_EQ(daemon(), 0);
  const Ran again = join(cluster, "--name n2 --token " + token(cluster));
  EXPECT_EQ(again.status, 0) << again.output << "a node that left comes back";
  leave();
  cluster.expect_nothing_left();
}

TEST_F(JoinTest, who_lacks_a_good_token_does_not_get_in_and_learns_no_key) {
  Cluster cluster(options(network_));
  Client client = cluster.client();
  const std::string good = token(cluster);
  const Ran strange = join(cluster, "--name n2 --token " + std::string(112, 'a'));
  EXPECT_EQ(strange.status, 4) << strange.output;
  EXPECT_NE(strange.output.find("not of this cluster"), std::string::npos) << strange.output;
  // With more time than it was given it is another token.
  std::string longer = good;
  longer[13] = longer[13] == '0' ? '1' : '0';
  EXPECT_EQ(join(cluster, "--name n2 --token " + longer).status, 4);
  const Ran cut = join(cluster, "--name n2 --token abc");
  EXPECT_EQ(cut.status, 2) << cut.output;
  EXPECT_NE(cut.output.find("112 hexadecimal digits"), std::string::npos) << cut.output;
  EXPECT_EQ(cut.output.find("abc"), std::string::npos) << cut.output;
  const Ran old = cluster.shell("cox join --print-token --valid 1s --dir " + cluster.dir());
  const std::string expired(trim(old.output));
  EXPECT_TRUE(eventually([&] {
    const Ran late = join(cluster, "--name n1 --token " + expired);
    return late.output.find("was good until") != std::string::npos;
  }));
  EXPECT_EQ(join(cluster, "--name 'n 2' --token " + good).status, 2);
  EXPECT_EQ(daemon(), 0);
  EXPECT_FALSE(platform::path_exists(dir_ + "/cluster.key"));
  EXPECT_EQ(client.nodes().size(), 1U);
  cluster.expect_nothing_left();
}

TEST_F(JoinTest, an_address_where_nobody_listens_is_said) {
  Cluster cluster(options(network_));
  const std::string good = token(cluster);
  const Ran ran = cluster.shell("exec nsenter --net=" + network_.node_file(1) + " cox join " +
                                CutNetwork::controller_address(1) + ":9 --name n2 --token " + good +
                                " --dir " + cluster.dir() + "/joined");
  EXPECT_EQ(ran.status, 5) << ran.output;
  EXPECT_NE(ran.output.find(CutNetwork::controller_address(1) + ":9"), std::string::npos)
      << ran.output;
  dir_ = cluster.dir() + "/joined";
  EXPECT_EQ(join(cluster, "--name n2 --token " + good).status, 0) << "it was not used up";
  leave();
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
