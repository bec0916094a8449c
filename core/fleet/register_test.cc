// Nodes that come, go, come back and lie: registration, loss, reconciliation.
#include <gtest/gtest.h>

#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

HeldAttempt held(JobId id, StepPhase phase, Attempt attempt = Attempt{1}) {
  return HeldAttempt{id, attempt, true, false, {HeldStep{step_batch, phase, "ep", StepResult{}}}};
}

TEST(Registration, SameNodeTwiceChangesNothing) {
  Cluster cluster(fleet().nodes(2));
  EXPECT_EQ(cluster.state.record.classes.size(), 1U);
  const std::size_t facts = cluster.journal.size();
  cluster.connect(cluster.inventory(NodeId{1}));
  EXPECT_EQ(cluster.journal.size(), facts);
  EXPECT_EQ(cluster.state.record.nodes.size(), 2U);
}

TEST(Registration, BadInventoryIsRefusedAndLeavesNoTrace) {
  Cluster cluster(fleet().nodes(1));
  NodeInventory bad = fleet().node(7);
  bad.memory_mib = {1, 2};
  const auto refused = cluster.ask(RegisterNode{Session{78}, bad, {}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message, "node n7 reports memory of 2 NUMA nodes for 1");
  EXPECT_EQ(cluster.contact.nodes.size(), 1U);
}

TEST(Registration, RebootLosesWhatRanThereAndRequeuesIt) {
  Cluster cluster(fleet().nodes(1));
  const JobId batch = cluster.run(job());
  const JobId fixed = cluster.run(job().no_requeue());
  NodeInventory again = cluster.inventory(NodeId{0});
  again.boot_id = "boot-2";
  cluster.disconnect(NodeId{0});
  cluster.connect(again);
  EXPECT_EQ(cluster.job_state(batch), JobState::pending);
  EXPECT_EQ(cluster.job_state(fixed), JobState::node_fail);
  EXPECT_FALSE(cluster.state.find_node(NodeId{0})->is_lost);
  cluster.schedule();
  EXPECT_EQ(cluster.attempt(batch), Attempt{2});
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Registration, LostNodeFreesItsSharesAtOnceAndGangsEndElsewhereFirst) {
  Cluster cluster(fleet().nodes(2));
  const JobId gang = cluster.run(job().nodes(2));
  cluster.disconnect(NodeId{1});
  cluster.advance(minutes(6));
  cluster.ask(Heartbeat{NodeId{0}, cluster.session(NodeId{0})});
  cluster.ask(CheckTime{});
  EXPECT_TRUE(cluster.state.find_node(NodeId{1})->is_lost);
  EXPECT_EQ(cluster.job_state(gang), JobState::completing);
  EXPECT_EQ(cluster.state.index.free[1].cores.count(), 4U);
  EXPECT_EQ(cluster.effects<SendClose>().size(), 1U);
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(gang), JobState::pending);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Registration, TwoNodesOfAGangLostAtOnceEndItOnce) {
  Cluster cluster(fleet().nodes(2));
  const JobId running = cluster.run(job().nodes(2));
  const JobId starting = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.advance(minutes(6));
  const auto facts = cluster.ask(CheckTime{});
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(only<NodeLost>(*facts).size(), 2U);
  EXPECT_EQ(only<JobEnding>(*facts).size(), 1U);
  EXPECT_EQ(only<JobRequeued>(*facts).size(), 1U);
  EXPECT_EQ(only<StartUndone>(*facts).size(), 1U);
  EXPECT_EQ(cluster.job_state(running), JobState::pending);
  EXPECT_EQ(cluster.job_state(starting), JobState::pending);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Registration, SilentNodesGetNoNewWorkButKeepTheirJobs) {
  Cluster cluster(fleet().nodes(1));
  const JobId running = cluster.run(job());
  cluster.advance(seconds(6));
  cluster.ask(CheckTime{});
  const JobId waiting = *cluster.submit(job());
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(cluster.job_state(running), JobState::running);
  EXPECT_EQ(cluster.plan().blocked(cluster.state, waiting).code, Reason::nodes_unavailable);
  cluster.heartbeat_all();
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waiting), JobState::running);
}

TEST(Registration, UnknownAndOlderAttemptsAreClosed) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  cluster.sent.clear();
  cluster.connect(cluster.inventory(NodeId{0}),
                  {held(id, StepPhase::running), held(JobId{99}, StepPhase::running),
                   held(id, StepPhase::running, Attempt{9})});
  EXPECT_EQ(cluster.effects<SendClose>().size(), 2U);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
}

// Its tasks may still be there: nobody else gets their cores before they have ended.
TEST(Registration, ANodeThatStillEndsALostAttemptGetsNoNewWork) {
  Cluster cluster(fleet().nodes(1));
  const JobId lost = cluster.run(job().exclusive().no_requeue());
  const JobId waiting = *cluster.submit(job().exclusive());
  cluster.disconnect(NodeId{0});
  cluster.advance(minutes(6));
  cluster.ask(CheckTime{});
  ASSERT_EQ(cluster.job_state(lost), JobState::node_fail);
  cluster.connect(cluster.inventory(NodeId{0}), {held(lost, StepPhase::running)});
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waiting), JobState::pending);
  EXPECT_EQ(cluster.plan().blocked(cluster.state, waiting).code, Reason::nodes_unavailable);
  const std::string why =
      explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), waiting).summary;
  EXPECT_EQ(why, "the only node of partition batch takes no new work; ending what it held: n0");
  cluster.closed(NodeId{0}, lost);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(waiting), JobState::running);
}

// Its answer was on the way when its start was given up.
TEST(Registration, ANodeThatPreparedWhatWasGivenUpEndsItFirst) {
  Cluster cluster(fleet().nodes(2));
  const JobId first = *cluster.submit(job().nodes(2).exclusive());
  cluster.schedule();
  cluster.failed(NodeId{1}, first, "no room");
  ASSERT_EQ(cluster.job_state(first), JobState::pending);
  cluster.prepared(NodeId{0}, first);
  const JobId second = *cluster.submit(job().exclusive());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(second), JobState::pending);
  cluster.closed(NodeId{0}, first);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(second), JobState::running);
}

// What the supervisor writes into the output of an attempt that outlived its node's connection.
TEST(Registration, StaleAttemptIsClosedForTheReasonForWhichItsJobWentOn) {
  Cluster cluster(fleet().nodes(1));
  const JobId over = cluster.run(job().no_requeue());
  const JobId again = cluster.run(job());
  const JobId forgotten{99};
  cluster.disconnect(NodeId{0});
  cluster.advance(minutes(6));
  cluster.ask(CheckTime{});
  ASSERT_EQ(cluster.job_state(over), JobState::node_fail);
  ASSERT_EQ(cluster.job_state(again), JobState::pending);
  cluster.sent.clear();
  cluster.connect(cluster.inventory(NodeId{0}),
                  {held(over, StepPhase::running), held(again, StepPhase::running),
                   held(forgotten, StepPhase::running)});
  const auto closes = cluster.effects<SendClose>();
  ASSERT_EQ(closes.size(), 3U);
  EXPECT_EQ(closes[0].cause, EndCause::node_lost);
  EXPECT_EQ(closes[1].cause, EndCause::requeued);
  EXPECT_EQ(closes[2].cause, EndCause::node_lost);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Registration, StartingGangIsPreparedAgainWhereItIsNotHeld) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.prepared(NodeId{0}, id);
  cluster.prepared(NodeId{1}, id);
  ASSERT_EQ(cluster.job_state(id), JobState::running);

  const JobId second = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.prepared(NodeId{0}, second);
  cluster.restart_controller();
  cluster.connect(cluster.inventory(NodeId{1}), {held(id, StepPhase::running)});
  EXPECT_EQ(cluster.effects<SendPrepare>().size(), 1U);
  cluster.connect(cluster.inventory(NodeId{0}),
                  {held(id, StepPhase::prepared), held(second, StepPhase::prepared)});
  EXPECT_EQ(cluster.effects<SendGo>().size(), 1U);  // released before the restart, go was lost
  cluster.prepared(NodeId{1}, second);
  EXPECT_EQ(cluster.job_state(second), JobState::running);
}

TEST(Registration, StartThatNeverReachedItsOnlyNodeIsUndone) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  cluster.restart_controller();
  cluster.connect(fleet().node(0));
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_EQ(cluster.job(id).run->attempts_run, 0U);
  cluster.schedule();
  EXPECT_EQ(cluster.attempt(id), Attempt{2});
}

TEST(Trap04, AgentThatForgotARunningAttemptEndsIt) {
  Cluster cluster(fleet().nodes(2));
  const JobId single = cluster.run(job());
  const JobId gang = cluster.run(job().nodes(2));
  ASSERT_EQ(cluster.job_state(gang), JobState::running);
  cluster.connect(cluster.inventory(NodeId{0}));
  EXPECT_EQ(cluster.job_state(single), JobState::pending);
  EXPECT_EQ(cluster.job(gang).run->cause, EndCause::supervisor_lost);
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(gang), JobState::pending);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Trap04, SupervisorThatIsGoneEndsTheAttempt) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  cluster.connect(cluster.inventory(NodeId{0}), {HeldAttempt{id, Attempt{1}, true, false, {}}});
  EXPECT_EQ(cluster.job(id).run->cause, EndCause::supervisor_lost);
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
}

TEST(Trap08, ControllerRestartLosesNoNode) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = cluster.run(job().minutes(600));
  cluster.advance(minutes(60));
  cluster.restart_controller();
  cluster.ask(CheckTime{});
  EXPECT_FALSE(cluster.state.find_node(NodeId{0})->is_lost);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  cluster.advance(minutes(4));
  cluster.ask(CheckTime{});
  EXPECT_FALSE(cluster.state.find_node(NodeId{0})->is_lost);
  cluster.advance(minutes(2));
  cluster.ask(CheckTime{});
  EXPECT_TRUE(cluster.state.find_node(NodeId{0})->is_lost);
}

TEST(Trap16, SecondMachineUnderTheSameNameIsRefusedWhileTheFirstIsHeard) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  const Session first = cluster.session(NodeId{0});
  NodeInventory other = cluster.inventory(NodeId{0});
  other.boot_id = "boot-of-another";
  const auto refused = cluster.ask(RegisterNode{Session{500}, other, {}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().message,
            "node n0 is connected from another machine (boot id boot-1): two nodes have the same "
            "name");
  EXPECT_EQ(cluster.session(NodeId{0}), first);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  cluster.connect(cluster.inventory(NodeId{0}), {held(id, StepPhase::running)});
  EXPECT_NE(cluster.session(NodeId{0}), first);  // the same boot replaces its own session
  EXPECT_EQ(cluster.job_state(id), JobState::running);
}

TEST(Trap17, NodeThatComesBackWithOtherResourcesIsUsedAsItIsNow) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  NodeInventory changed = cluster.inventory(NodeId{0});
  for (std::int64_t& mib : changed.memory_mib) mib /= 2;
  cluster.sent.clear();
  cluster.connect(changed, {held(id, StepPhase::running)});
  const Node& node = *cluster.state.find_node(NodeId{0});
  EXPECT_FALSE(node.is_lost);
  EXPECT_EQ(node.aside, Aside::none);
  EXPECT_EQ(node.memory_mib, changed.memory_mib);
  EXPECT_FALSE(cluster.effects<SendClose>().empty());
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::pending) << "what it held has not ended";
  cluster.answer_all();
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(NodeControl, OperatorsSetNodesAsideWithAReason) {
  Cluster cluster(fleet().nodes(1));
  EXPECT_EQ(cluster.ask(SetNodeAside{ada(), "n0", false, "x"}).error().code, Code::not_permitted);
  EXPECT_EQ(cluster.ask(SetNodeAside{root(), "n9", false, "x"}).error().code, Code::not_found);
  EXPECT_EQ(cluster.ask(SetNodeAside{root(), "n0", false, ""}).error().code, Code::bad_usage);
  const JobId id = cluster.run(job());
  ASSERT_TRUE(cluster.ask(SetNodeAside{root(), "n0", false, "disk"}).has_value());
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  ASSERT_TRUE(cluster.ask(SetNodeAside{root(), "n0", true, "fire"}).has_value());
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_TRUE(cluster.schedule().empty());
  ASSERT_TRUE(cluster.ask(ResumeNode{root(), "n0"}).has_value());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
}

}  // namespace
}  // namespace cox::core
