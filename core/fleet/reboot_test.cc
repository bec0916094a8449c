// Nodes that start anew: when they are told, what of them takes work meanwhile, how they come back,
// and what becomes of those that do not.
#include <gtest/gtest.h>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

Settings with_reboot() {
  Settings settings = in_order();
  settings.programs.reboot = "/sbin/reboot";
  settings.programs.reboot_timeout = minutes(10);
  return settings;
}

const Node& node_of(const Cluster& cluster, std::uint32_t id) {
  return *cluster.state.find_node(NodeId{id});
}

RebootNode reboot(bool asap = false) {
  return RebootNode{root(), "n0", asap, "new kernel", "ada"};
}

/// It registers as after another boot.
void come_back(Cluster& cluster) {
  NodeInventory inventory = cluster.inventory(NodeId{0});
  inventory.boot_id = "another boot";
  cluster.disconnect(NodeId{0});
  cluster.connect(inventory);
}

TEST(Reboot, AnIdleNodeIsToldAtOnceAndComesBackByItself) {
  Cluster cluster(fleet().nodes(1), with_reboot());
  ASSERT_TRUE(cluster.ask(reboot()));
  EXPECT_EQ(cluster.effects<SendReboot>().size(), 1U);
  const JobId waiting = cluster.run(job());
  EXPECT_EQ(cluster.job_state(waiting), JobState::pending);
  come_back(cluster);
  EXPECT_FALSE(node_of(cluster, 0).reboot.asked.is_set());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waiting), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

// Its old tasks may still write what they have: it is idle when they have ended.
TEST(Reboot, ANodeThatStillEndsALostAttemptIsToldWhenThatHasEnded) {
  Cluster cluster(fleet().nodes(1), with_reboot());
  const JobId lost = cluster.run(job().no_requeue());
  cluster.disconnect(NodeId{0});
  cluster.advance(minutes(6));
  cluster.ask(CheckTime{});
  HeldAttempt held;
  held.job = lost;
  held.attempt = Attempt{1};
  held.prepared = true;
  cluster.connect(cluster.inventory(NodeId{0}), {held});
  cluster.sent.clear();
  ASSERT_TRUE(cluster.ask(reboot()));
  EXPECT_TRUE(cluster.effects<SendReboot>().empty());
  cluster.closed(NodeId{0}, lost);
  EXPECT_EQ(cluster.effects<SendReboot>().size(), 1U);
}

TEST(Reboot, ABusyNodeTakesWorkUntilItIsIdleUnlessAsSoonAsPossible) {
  Cluster cluster(fleet().nodes(1).cores(2), with_reboot());
  const JobId first = cluster.run(job());
  ASSERT_TRUE(cluster.ask(reboot()));
  EXPECT_TRUE(cluster.effects<SendReboot>().empty());
  const JobId second = cluster.run(job());
  EXPECT_EQ(cluster.job_state(second), JobState::running);
  cluster.batch_ended(NodeId{0}, first);
  ASSERT_TRUE(cluster.ask(reboot(true)));
  const JobId third = cluster.run(job());
  EXPECT_EQ(cluster.job_state(third), JobState::pending);
  EXPECT_TRUE(cluster.effects<SendReboot>().empty());
  cluster.batch_ended(NodeId{0}, second);
  EXPECT_EQ(cluster.effects<SendReboot>().size(), 1U);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(third), JobState::pending);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Reboot, OneThatDoesNotComeBackIsDownWithTheReason) {
  Cluster cluster(fleet().nodes(2), with_reboot());
  ASSERT_TRUE(cluster.ask(reboot()));
  cluster.disconnect(NodeId{0});
  cluster.advance(minutes(10));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  EXPECT_EQ(node_of(cluster, 0).aside, Aside::none) << "its time is not over";
  cluster.advance(seconds(1));
  cluster.ask(CheckTime{});
  EXPECT_EQ(node_of(cluster, 0).aside, Aside::down);
  EXPECT_EQ(node_of(cluster, 0).why, "did not come back within 10:00 of its reboot: new kernel");
  EXPECT_FALSE(node_of(cluster, 0).reboot.asked.is_set());
  come_back(cluster);
  EXPECT_EQ(node_of(cluster, 0).aside, Aside::down) << "somebody has to look";
  ASSERT_TRUE(cluster.ask(ResumeNode{root(), "n0"}));
  EXPECT_EQ(cluster.job_state(cluster.run(job().nodes(2))), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Reboot, AProgramThatFailsSetsTheNodeAside) {
  Cluster cluster(fleet().nodes(1), with_reboot());
  const ReportRebootFailed early{NodeId{0}, cluster.session(NodeId{0}), "exit status 1"};
  EXPECT_TRUE(cluster.ask(early)->empty());
  ASSERT_TRUE(cluster.ask(reboot()));
  EXPECT_TRUE(cluster.ask(ReportRebootFailed{NodeId{0}, Session{99}, "of another"})->empty());
  cluster.ask(early);
  EXPECT_EQ(node_of(cluster, 0).aside, Aside::failed);
  EXPECT_EQ(node_of(cluster, 0).why, "reboot: exit status 1");
  EXPECT_FALSE(node_of(cluster, 0).reboot.asked.is_set());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Reboot, ANodeThatRegistersFromTheSameBootIsToldAgainAlsoByANewController) {
  Cluster cluster(fleet().nodes(1), with_reboot());
  ASSERT_TRUE(cluster.ask(reboot()));
  const NodeInventory same = cluster.inventory(NodeId{0});
  cluster.sent.clear();
  cluster.connect(same);
  EXPECT_EQ(cluster.effects<SendReboot>().size(), 1U);
  cluster.restart_controller();
  cluster.connect(same);
  EXPECT_EQ(cluster.effects<SendReboot>().size(), 1U);
  come_back(cluster);
  EXPECT_FALSE(node_of(cluster, 0).reboot.asked.is_set());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Reboot, ANodeThatIsAwayIsToldWhenItRegisters) {
  Cluster cluster(fleet().nodes(1), with_reboot());
  const NodeInventory same = cluster.inventory(NodeId{0});
  cluster.disconnect(NodeId{0});
  ASSERT_TRUE(cluster.ask(reboot(true)));
  EXPECT_FALSE(node_of(cluster, 0).reboot.begun.is_set());
  cluster.connect(same);
  cluster.ask(CheckTime{});
  EXPECT_TRUE(node_of(cluster, 0).reboot.begun.is_set());
  EXPECT_EQ(cluster.effects<SendReboot>().size(), 1U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Reboot, ADrainedNodeStaysDrainedAndResumeTakesAWishBack) {
  Cluster cluster(fleet().nodes(1), with_reboot());
  const JobId running = cluster.run(job());
  ASSERT_TRUE(cluster.ask(reboot()));
  ASSERT_TRUE(cluster.ask(SetNodeAside{root(), "n0", false, "new fan"}));
  ASSERT_TRUE(cluster.ask(ResumeNode{root(), "n0"}));
  EXPECT_TRUE(node_of(cluster, 0).reboot.asked.is_set()) << "that took the draining back";
  ASSERT_TRUE(cluster.ask(ResumeNode{root(), "n0"}));
  EXPECT_FALSE(node_of(cluster, 0).reboot.asked.is_set());
  ASSERT_TRUE(cluster.ask(SetNodeAside{root(), "n0", false, "new fan"}));
  ASSERT_TRUE(cluster.ask(reboot()));
  cluster.batch_ended(NodeId{0}, running);
  ASSERT_TRUE(node_of(cluster, 0).reboot.begun.is_set());
  EXPECT_FALSE(cluster.ask(ResumeNode{root(), "n0"})) << "it is on its way down";
  come_back(cluster);
  EXPECT_EQ(node_of(cluster, 0).aside, Aside::drained);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Reboot, IsRefusedWithTheReason) {
  Cluster plain(fleet().nodes(1));
  const auto none = plain.ask(reboot());
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("programs.reboot"), std::string::npos);
  Cluster cluster(fleet().nodes(1), with_reboot());
  EXPECT_EQ(cluster.ask(RebootNode{bob(), "n0", false, "why"}).error().code, Code::not_permitted);
  EXPECT_EQ(cluster.ask(RebootNode{root(), "n9", false, "why"}).error().code, Code::not_found);
  EXPECT_EQ(cluster.ask(RebootNode{root(), "n0", false, ""}).error().code, Code::bad_usage);
  ASSERT_TRUE(cluster.ask(reboot()));
  EXPECT_EQ(cluster.ask(reboot()).error().message, "node n0 is starting anew already");
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Token, IsGoodOnceAndForATimeAndForANameThatIsFree) {
  Cluster cluster(fleet().nodes(1));
  const Instant until = cluster.now + minutes(60);
  EXPECT_EQ(cluster.ask(UseToken{"a", until, "n0"}).error().code, Code::refused);
  EXPECT_EQ(cluster.ask(UseToken{"a", until, "n 9"}).error().code, Code::bad_usage);
  EXPECT_TRUE(cluster.ask(UseToken{"a", until, "n9"})) << "what was refused used nothing up";
  EXPECT_EQ(cluster.ask(UseToken{"a", until, "n8"}).error().code, Code::not_permitted);
  cluster.restart_controller();
  EXPECT_EQ(cluster.ask(UseToken{"a", until, "n8"}).error().code, Code::not_permitted);
  cluster.advance(minutes(61));
  const auto late = cluster.ask(UseToken{"b", until, "n8"});
  ASSERT_FALSE(late);
  EXPECT_NE(late.error().message.find("was good until"), std::string::npos);
  EXPECT_TRUE(cluster.ask(UseToken{"c", cluster.now + minutes(1), "n8"}));
  EXPECT_EQ(cluster.state.record.tokens_used.size(), 1U) << "the first needs no memory any more";
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace cox::core
