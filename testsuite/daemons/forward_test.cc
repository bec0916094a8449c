// Jobs of ordinary users reach the controller through their node's socket: no key, and no more
// rights than their own.
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/text.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// Lists, submits, waits, and runs a step over both nodes.
void expect_served(Cluster& cluster) {
  Client root = cluster.client();
  const auto id = root.submit(cluster
                                  .job("echo at $COX_CLUSTER\n"
                                       "echo key ${COX_KEY_FILE:-none}\n"
                                       "cox queue --no-header -o job,state\n"
                                       "second=$(cox submit -o second.out -- /usr/bin/id -u)\n"
                                       "cox run -N 2 -n 2 -l /usr/bin/id -u\n"
                                       "cox wait $second; echo waited $?\n")
                                  .nodes(2)
                                  .as(nobody));
  EXPECT_EQ(root.end_of(id).state(), "COMPLETED") << cluster.file("1.out");
  const std::string output = cluster.file("1.out");
  EXPECT_NE(output.find("at " + cluster.dir() + "/noded-n1.sock\n"), std::string::npos) << output;
  EXPECT_NE(output.find("key none\n"), std::string::npos) << output;
  EXPECT_NE(output.find("RUNNING"), std::string::npos) << output;
  EXPECT_NE(output.find("0: 65534\n"), std::string::npos) << output;
  EXPECT_NE(output.find("1: 65534\n"), std::string::npos) << output;
  EXPECT_NE(output.find("waited 0\n"), std::string::npos) << output;
  EXPECT_EQ(root.view(2).uid(), nobody);
  EXPECT_EQ(cluster.file("second.out"), "65534\n");
  cluster.expect_nothing_left();
}

class NodeSocket : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "jobs of another user need root";
  }

  /// A client of the socket of the first node, as root.
  Client through_node() const {
    return Client(platform::Address{cluster_.dir() + "/noded-n1.sock", "", 0}, "");
  }

  Cluster cluster_{{.transport = Transport::tcp_with_key, .emulated = false}};
};

TEST_F(NodeSocket, serves_every_command_of_an_ordinary_users_job) {
  expect_served(cluster_);
}

TEST(NodeSocketInANamespace, serves_every_command_of_an_ordinary_users_job) {
  if (::geteuid() != 0) GTEST_SKIP() << "jobs of another user need root";
  Cluster cluster;
  expect_served(cluster);
}

TEST_F(NodeSocket, gives_an_ordinary_user_no_right_over_others) {
  Client root = cluster_.client();
  const auto held = root.submit(cluster_.job("true").held());
  const auto id = root.submit(cluster_
                                  .job("cox cancel " + std::to_string(held) +
                                       "; echo cancel $?\n"
                                       "cox node drain n1 --reason mine; echo drain $?\n")
                                  .as(nobody));
  EXPECT_EQ(root.end_of(id).state(), "COMPLETED") << cluster_.file("2.out");
  const std::string output = cluster_.file("2.out");
  EXPECT_NE(output.find("cancel 4\n"), std::string::npos) << output;
  EXPECT_NE(output.find("drain 4\n"), std::string::npos) << output;
  EXPECT_EQ(root.state(held), "PENDING");
  EXPECT_TRUE(root.act(wire::JobAction::CANCEL, held));
  cluster_.expect_nothing_left();
}

TEST_F(NodeSocket, outlives_its_controller) {
  Client client = through_node();
  wire::ClientRequest request;
  request.mutable_status();
  ASSERT_TRUE(client.ask(request));
  cluster_.kill_controller();
  Result<wire::ClientReply> answer = client.ask(request);
  ASSERT_FALSE(answer);
  answer = client.ask(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::unreachable);
  EXPECT_NE(answer.error().message.find("node n1: no controller: "), std::string::npos)
      << answer.error().message;
  const auto ran = cluster_.shell("COX_CLUSTER=" + cluster_.dir() + "/noded-n1.sock cox queue");
  EXPECT_EQ(ran.status, 5) << ran.output;
  EXPECT_NE(ran.output.find("node n1: no controller"), std::string::npos) << ran.output;
  cluster_.start_controller();
  EXPECT_TRUE(cluster_.hears_all_nodes());
  EXPECT_TRUE(client.ask_surely(request));
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
