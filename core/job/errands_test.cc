// Programs of the controller's own around attempts: what waits for them, what does not, and what a
// failure or a restart makes of the job.
#include "core/job/errands.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/job/lifecycle.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

Settings with_programs() {
  Settings settings = in_order();
  settings.programs.controller_prolog = "/etc/prolog";
  settings.programs.controller_epilog = "/etc/epilog";
  return settings;
}

std::size_t count(const Cluster& cluster, Errand::Kind kind) {
  return static_cast<std::size_t>(std::ranges::count(cluster.errands, kind, &Errand::kind));
}

ReportProgram prolog(const Cluster& cluster, JobId id) {
  return {id, cluster.attempt(id), false, std::nullopt};
}

ReportProgram epilog(const Cluster& cluster, JobId id) {
  return {id, cluster.attempt(id), true, std::nullopt};
}

ReportProgram failing(ReportProgram report) {
  report.failure = "controller_prolog /etc/prolog: exit status 1: no licence";
  return report;
}

TEST(Errands, NoNodeHearsOfAJobBeforeTheControllersPrologHasEnded) {
  for (const std::uint32_t nodes : {1U, 2U}) {
    Cluster cluster(fleet().nodes(2), with_programs());
    const JobId id = cluster.run(job().nodes(nodes));
    EXPECT_EQ(cluster.job_state(id), JobState::configuring);
    EXPECT_TRUE(cluster.effects<SendPrepare>().empty());
    EXPECT_EQ(count(cluster, Errand::Kind::prolog), 1U);
    cluster.ask(prolog(cluster, id));
    EXPECT_EQ(cluster.effects<SendPrepare>().size(), nodes);
    EXPECT_EQ(cluster.effects<SendPrepare>()[0].go_at_once, nodes == 1);
    cluster.answer_all();
    EXPECT_EQ(cluster.job_state(id), JobState::running);
    EXPECT_TRUE(cluster.ask(prolog(cluster, id))->empty()) << "said twice";
    EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  }
}

TEST(Errands, AFailedPrologHoldsABatchJobAtItsPlaceWithTheReason) {
  Cluster cluster(fleet().nodes(1), with_programs());
  const JobId id = cluster.run(job());
  cluster.ask(failing(prolog(cluster, id)));
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_EQ(cluster.job(id).hold, Hold::by_system);
  EXPECT_EQ(cluster.job(id).run->why, "controller_prolog /etc/prolog: exit status 1: no licence");
  EXPECT_EQ(cluster.state.find_node(NodeId{0})->aside, Aside::none);
  EXPECT_EQ(count(cluster, Errand::Kind::epilog), 1U) << "also then";
  cluster.ask(ReleaseJob{ada(), id});
  ASSERT_EQ(cluster.job(id).hold, Hold::none);
  cluster.schedule();
  EXPECT_EQ(cluster.attempt(id), Attempt{2});
  cluster.ask(prolog(cluster, id));
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, AFailedPrologEndsAnInteractiveJobWithTheReason) {
  Cluster cluster(fleet().nodes(2), with_programs());
  const JobId id = cluster.run(job().interactive().nodes(2));
  cluster.ask(failing(prolog(cluster, id)));
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::failed);
  EXPECT_NE(cluster.job(id).run->why.find("no licence"), std::string::npos);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, APrologTakesAsLongAsItsProgramMayAndLongerThanNodes) {
  Cluster cluster(fleet().nodes(2), with_programs());
  const JobId id = cluster.run(job().nodes(2));
  for (int minute = 0; minute < 10; ++minute) {
    cluster.advance(minutes(1));
    cluster.heartbeat_all();
    cluster.ask(CheckTime{});
  }
  EXPECT_EQ(cluster.job_state(id), JobState::configuring);
  cluster.ask(prolog(cluster, id));
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::configuring) << "its nodes were just told";
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Epilog, OfANodeTakesItsTimeBeforeTheJobCountsAsOverItsLimit) {
  Settings settings = in_order();
  settings.programs.epilog = "/etc/epilog";
  settings.programs.epilog_timeout = minutes(5);
  Cluster cluster(fleet().nodes(1), settings);
  const JobId id = cluster.run(job().minutes(10));
  const auto pass = [&cluster](std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      cluster.advance(minutes(1));
      cluster.heartbeat_all();
      cluster.ask(CheckTime{});
    }
  };
  pass(16);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  pass(2);
  EXPECT_EQ(cluster.job_state(id), JobState::completing);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, ACancelEndsThePrologAndWhatThatSaysLaterCountsNoMore) {
  Cluster cluster(fleet().nodes(1), with_programs());
  const JobId id = cluster.run(job());
  cluster.ask(CancelJob{root(), id});
  EXPECT_EQ(count(cluster, Errand::Kind::end_prolog), 1U);
  cluster.ask(failing(prolog(cluster, id)));
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::cancelled);
  EXPECT_EQ(count(cluster, Errand::Kind::epilog), 1U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, ALostNodeTakesTheStartBackWhileThePrologRuns) {
  Cluster cluster(fleet().nodes(1), with_programs());
  const JobId id = cluster.run(job());
  cluster.disconnect(NodeId{0});
  cluster.advance(minutes(6));
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_EQ(count(cluster, Errand::Kind::end_prolog), 1U);
  EXPECT_TRUE(cluster.ask(ReportProgram{id, Attempt{1}, false, {}})->empty());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, NothingWaitsForAnEpilogAndAJobThatOwesOneIsNotForgotten) {
  Cluster cluster(fleet().nodes(1), with_programs());
  const JobId id = cluster.run(job());
  cluster.ask(prolog(cluster, id));
  cluster.answer_all();
  cluster.batch_ended(NodeId{0}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::completed);
  EXPECT_EQ(count(cluster, Errand::Kind::epilog), 1U);
  EXPECT_TRUE(owes_epilog(cluster.state, id));
  EXPECT_TRUE(cluster.ask(ForgetJobs{{id}})->empty());
  const JobId next = cluster.run(job());
  EXPECT_EQ(cluster.job_state(next), JobState::configuring);
  cluster.ask(epilog(cluster, id));
  EXPECT_FALSE(owes_epilog(cluster.state, id));
  EXPECT_TRUE(cluster.ask(epilog(cluster, id))->empty()) << "said twice";
  EXPECT_FALSE(cluster.ask(ForgetJobs{{id}})->empty());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, ANewControllerBeginsAgainWhatTheOldOneWasAt) {
  Cluster cluster(fleet().nodes(2), with_programs());
  const NodeInventory first = cluster.inventory(NodeId{0});
  const JobId ended = cluster.run(job().exclusive());
  cluster.ask(prolog(cluster, ended));
  cluster.answer_all();
  const NodeId there = cluster.node_of(ended);
  cluster.batch_ended(there, ended);
  const JobId starting = cluster.run(job().nodes(2));
  cluster.restart_controller();
  EXPECT_EQ(count(cluster, Errand::Kind::prolog), 1U);
  EXPECT_EQ(count(cluster, Errand::Kind::epilog), 1U);
  cluster.connect(first);
  NodeInventory second = cluster.inventory(NodeId{1});
  cluster.connect(second);
  EXPECT_TRUE(cluster.effects<SendPrepare>().empty()) << "a registration does not begin it";
  EXPECT_EQ(cluster.job_state(starting), JobState::configuring);
  cluster.ask(prolog(cluster, starting));
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(starting), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

// Its node did not hear of the start because it was not connected: that is no failed start.
TEST(Errands, ANodeThatComesAfterTheProgramEndedIsToldThen) {
  Cluster cluster(fleet().nodes(1), with_programs());
  const NodeInventory node = cluster.inventory(NodeId{0});
  const JobId id = cluster.run(job());
  cluster.restart_controller();
  cluster.ask(prolog(cluster, id));
  EXPECT_EQ(cluster.job_state(id), JobState::configuring);
  cluster.connect(node);
  ASSERT_EQ(cluster.effects<SendPrepare>().size(), 1U);
  EXPECT_FALSE(cluster.effects<SendPrepare>()[0].go_at_once) << "nobody released it yet";
  cluster.prepared(NodeId{0}, id);
  EXPECT_EQ(cluster.effects<SendGo>().size(), 1U);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.attempt(id), Attempt{1});
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

/// It has as long to answer as any other, from when it was told.
TEST(Errands, ANodeThatComesLateIsNotBlamedAtOnce) {
  Cluster cluster(fleet().nodes(2), with_programs());
  const NodeInventory node = cluster.inventory(NodeId{0});
  const JobId id = cluster.run(job().nodes(2).exclusive());
  cluster.restart_controller();
  cluster.connect(cluster.inventory(NodeId{1}));
  cluster.ask(prolog(cluster, id));
  const Duration patience = seconds(60) + prolog_patience(cluster.state.record.settings.programs);
  const auto wait = [&cluster](Duration length) {
    cluster.advance(length);
    cluster.heartbeat_all();
    cluster.ask(CheckTime{});
  };
  wait(seconds(59));
  cluster.connect(node);
  wait(seconds(30));
  EXPECT_EQ(cluster.attempt(id), Attempt{1});
  EXPECT_EQ(cluster.job_state(id), JobState::configuring);
  EXPECT_FALSE(cluster.state.find_node(NodeId{0})->backed_off_until.is_set());
  wait(patience);
  EXPECT_EQ(cluster.job_state(id), JobState::pending) << "nor does anybody wait for ever";
  EXPECT_TRUE(cluster.state.find_node(NodeId{0})->backed_off_until.is_set());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Errands, AJobKeepsToTheProgramsThatThereWereAtItsStart) {
  Cluster cluster(fleet().nodes(1), in_order());
  const JobId id = cluster.run(job());
  ASSERT_TRUE(cluster.ask(ApplySettings{root(), with_programs()}));
  cluster.batch_ended(NodeId{0}, id);
  EXPECT_EQ(count(cluster, Errand::Kind::epilog), 0U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace cox::core
