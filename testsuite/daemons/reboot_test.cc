// cox node reboot with real daemons: the program leaves word, and the test, which is the machine,
// ends the daemon and starts it again as after another boot.
#include <gtest/gtest.h>
#include <unistd.h>

#include "testsuite/daemons/programs.h"

namespace cox::daemons {
namespace {

const char* const leaves_word = "echo \"$COX_REASON\" > rebooting-$COX_NODE_NAME";

TEST(Reboot, a_node_is_started_anew_when_it_is_idle_and_returns_by_itself) {
  Cluster cluster;
  Client client = cluster.client();
  configure(cluster, key("reboot", program_file(cluster, "reboot", leaves_word)));
  const auto busy =
      client.submit(cluster.job("while [ ! -e go ]; do sleep 0.02; done").on("n1").exclusive());
  EXPECT_TRUE(client.reaches(busy, "RUNNING"));
  const Ran asked = cluster.shell("cox node reboot n1 --asap --reason 'new kernel'");
  EXPECT_EQ(asked.status, 0) << asked.output;
  EXPECT_EQ(client.node("n1").state(), "draining");
  EXPECT_EQ(client.node("n1").reason(), "reboot as soon as it is idle: new kernel");
  const auto next = client.submit(cluster.job("true").on("n1"));
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(busy).state(), "COMPLETED");
  EXPECT_TRUE(cluster.shows("rebooting-n1", "new kernel"));
  EXPECT_EQ(client.node("n1").state(), "rebooting");
  EXPECT_EQ(client.state(next), "PENDING");
  const Ran why = cluster.shell("cox why " + std::to_string(next));
  EXPECT_NE(why.output.find("starting anew: n1"), std::string::npos) << why.output;
  // A controller that comes meanwhile knows of it, and the same boot is no return.
  cluster.kill_controller();
  EXPECT_EQ(::unlink((cluster.work() + "/rebooting-n1").c_str()), 0);
  cluster.start_controller();
  EXPECT_TRUE(cluster.hears_all_nodes());
  EXPECT_TRUE(cluster.shows("rebooting-n1", "new kernel")) << "it is told again";
  EXPECT_EQ(client.node("n1").state(), "rebooting");
  cluster.kill_node(0);
  cluster.set_boot_id(0, "second");
  cluster.start_node(0);
  EXPECT_EQ(client.end_of(next).state(), "COMPLETED");
  EXPECT_EQ(client.node("n1").reason(), "");
  cluster.expect_nothing_left();
}

TEST(Reboot, a_node_that_does_not_come_back_is_down_with_the_reason) {
  Cluster cluster;
  Client client = cluster.client();
  configure(cluster, key("reboot", program_file(cluster, "reboot", leaves_word)) +
                         key("reboot_timeout", "1s"));
  EXPECT_EQ(cluster.shell("cox node reboot n2 -r test").status, 0);
  EXPECT_TRUE(cluster.shows("rebooting-n2", "test"));
  EXPECT_TRUE(eventually([&] { return client.node("n2").state() == "down"; }));
  EXPECT_EQ(client.node("n2").reason(), "did not come back within 0:01 of its reboot: test");
  EXPECT_EQ(cluster.shell("cox node resume n2").status, 0);
  EXPECT_EQ(client.node("n2").state(), "idle");
  cluster.expect_nothing_left();
}

TEST(Reboot, a_program_that_fails_says_so_and_without_one_it_is_refused) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const Ran none = cluster.shell("cox node reboot n1 -r test");
  EXPECT_EQ(none.status, 1) << none.output;
  EXPECT_NE(none.output.find("programs.reboot"), std::string::npos) << none.output;
  const std::string path = program_file(cluster, "reboot", "echo not permitted; exit 2");
  configure(cluster, key("reboot", path));
  EXPECT_EQ(cluster.shell("cox node reboot n1 -r test").status, 0);
  EXPECT_TRUE(eventually([&] { return client.node("n1").state() == "failed"; }));
  EXPECT_EQ(client.node("n1").reason(), "reboot: " + path + ": exit status 2: not permitted");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
