// cox join between network namespaces: what is another host to the controller becomes a node.
#include <gtest/gtest.h>

#include <csignal>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// A host that may join, at the end of a cable of the controller's.
class JoinTest : public testing::Test {
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
  const std::string secret = token(cluster);
  ASSERT_EQ(secret.size(), 64U);
  cluster.write("token", secret + "\n");
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
  const Ran again = join(cluster, "--name n2 --token " + secret);
  EXPECT_EQ(again.status, 1) << again.output;
  EXPECT_NE(again.output.find("n2 is in the cluster already"), std::string::npos) << again.output;
  leave();
  cluster.expect_nothing_left();
}

TEST_F(JoinTest, who_lacks_the_token_does_not_get_in_and_leaves_nothing) {
  Cluster cluster(options(network_));
  Client client = cluster.client();
  const Ran wrong = join(cluster, "--name n2 --token " + std::string(64, 'a'));
  EXPECT_NE(wrong.status, 0);
  EXPECT_EQ(daemon(), 0);
  EXPECT_FALSE(platform::path_exists(dir_)) << wrong.output;
  const Ran cut = join(cluster, "--name n2 --token abc");
  EXPECT_EQ(cut.status, 2) << cut.output;
  EXPECT_NE(cut.output.find("64 hexadecimal digits"), std::string::npos) << cut.output;
  EXPECT_EQ(cut.output.find("abc"), std::string::npos) << cut.output;
  const Ran bad = join(cluster, "--name 'n 2' --token " + token(cluster));
  EXPECT_EQ(bad.status, 2) << bad.output;
  EXPECT_EQ(client.nodes().size(), 1U);
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
