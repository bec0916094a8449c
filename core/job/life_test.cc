// Lives of jobs from submit to end, through every phase, and the traps others fell into on the way.
#include <gtest/gtest.h>

#include "core/job/endings.h"
#include "core/job/lifecycle.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

TEST(JobLife, SingleNodeJobStartsWithOneMessageAndCompletes) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  const Facts started = cluster.schedule();
  EXPECT_EQ(only<JobStarted>(started).size(), 1U);
  EXPECT_EQ(only<StepStarted>(started).size(), 1U);
  EXPECT_EQ(only<JobReleased>(started).size(), 1U);
  EXPECT_EQ(only<StepReleased>(started).size(), 1U);
  ASSERT_EQ(cluster.sent.size(), 1U);
  EXPECT_TRUE(cluster.effects<SendPrepare>().at(0).go_at_once);
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::running);

  const auto facts = cluster.batch_ended(NodeId{0}, id);
  ASSERT_TRUE(facts.has_value());
  ASSERT_EQ(facts->size(), 4U);
  EXPECT_TRUE(std::holds_alternative<StepEnded>(facts->at(0)));
  EXPECT_TRUE(std::holds_alternative<JobEnding>(facts->at(1)));
  EXPECT_TRUE(std::holds_alternative<NodeFreed>(facts->at(2)));
  EXPECT_TRUE(std::holds_alternative<JobEnded>(facts->at(3)));
  ASSERT_EQ(cluster.sent.size(), 1U);
  EXPECT_EQ(cluster.effects<SendClosedAck>().size(), 1U);
  EXPECT_EQ(cluster.job_state(id), JobState::completed);
  EXPECT_EQ(cluster.job(id).run->usage, (Usage{1000, 10, 4096}));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

/// Where there are no cgroups, a daemon that was restarted since reports what the batch step used.
TEST(JobLife, AStepThatItsNodeHasForgottenCountsAllTheSame) {
  Cluster cluster;
  const JobId id = cluster.run(job());
  StepRequest request;
  request.argv = {"true"};
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request, {}}));
  cluster.answer_all();
  StepResult used;
  used.usage = Usage{7000, 500, 8192};
  const StepKey step{id, cluster.attempt(id), StepId{0}};
  ASSERT_TRUE(cluster.ask(ReportStepEnded{NodeId{0}, cluster.session(NodeId{0}), step, used}));
  StepResult batch;
  batch.usage = Usage{1000, 10, 4096};
  ASSERT_TRUE(cluster.ask(ReportClosed{NodeId{0}, cluster.session(NodeId{0}), id,
                                       cluster.attempt(id), batch.usage, batch}));
  EXPECT_EQ(cluster.job(id).run->usage, (Usage{8000, 510, 8192}));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  EXPECT_EQ(counted_usage({9000, 0, 1}, {8000, 510, 2}), (Usage{9000, 0, 2}))
      << "a container counts what no step does";
}

TEST(JobLife, GangRunsOnlyWhenEveryNodePrepared) {
  Cluster cluster(fleet().nodes(3));
  const JobId id = *cluster.submit(job().nodes(3));
  cluster.schedule();
  EXPECT_EQ(cluster.effects<SendPrepare>().size(), 3U);
  cluster.sent.clear();
  cluster.prepared(NodeId{0}, id);
  cluster.prepared(NodeId{2}, id);
  cluster.prepared(NodeId{2}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::configuring);
  EXPECT_TRUE(cluster.effects<SendGo>().empty());
  cluster.prepared(NodeId{1}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.effects<SendGo>().size(), 3U);
  cluster.sent.clear();

  cluster.batch_ended(NodeId{0}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::completing);
  EXPECT_EQ(cluster.effects<SendClose>().size(), 2U);
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::completed);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(JobLife, CancelReachesEveryPhase) {
  Cluster cluster(fleet().nodes(2));
  const JobId starting = *cluster.submit(job().nodes(2).exclusive());
  cluster.schedule();
  const JobId pending = *cluster.submit(job());
  ASSERT_TRUE(cluster.ask(CancelJob{ada(), pending}).has_value());
  EXPECT_EQ(cluster.job_state(pending), JobState::cancelled);
  EXPECT_FALSE(cluster.ask(CancelJob{ada(), pending}).has_value());

  cluster.sent.clear();
  ASSERT_TRUE(cluster.ask(CancelJob{ada(), starting}).has_value());
  EXPECT_EQ(cluster.effects<SendClose>().size(), 2U);
  EXPECT_TRUE(cluster.ask(CancelJob{ada(), starting})->empty());
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(starting), JobState::cancelled);

  const JobId running = cluster.run(job());
  const auto refused = cluster.ask(CancelJob{bob(), running});
  EXPECT_EQ(refused.error().code, Code::not_permitted);
  EXPECT_NE(refused.error().message.find("belongs to ada, not to uid "), std::string::npos)
      << refused.error().message;
  ASSERT_TRUE(cluster.ask(CancelJob{an_operator(), running}).has_value());
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(running), JobState::cancelled);
  EXPECT_EQ(cluster.job(running).run->ended_by, 50U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(JobLife, CancelOfAJobThatWouldBeRequeuedEndsIt) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  cluster.ask(RequeueJob{ada(), id});
  cluster.ask(CancelJob{ada(), id});
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::cancelled);
}

TEST(JobLife, RequeueByRequestRunsASecondAttempt) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  ASSERT_TRUE(cluster.ask(RequeueJob{ada(), id}).has_value());
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  cluster.schedule();
  EXPECT_EQ(cluster.attempt(id), Attempt{2});
}

TEST(JobLife, WhatIsRequeuedAndHeldWaitsUntilReleased) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  ASSERT_TRUE(cluster.ask(RequeueJob{ada(), id, {}, true}).has_value());
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_EQ(cluster.job(id).hold, Hold::by_user);
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  ASSERT_TRUE(cluster.ask(ReleaseJob{ada(), id}).has_value());
  cluster.schedule();
  EXPECT_EQ(cluster.attempt(id), Attempt{2});
}

TEST(JobLife, AJobThatIsHeldWhileItStartsKeepsItsHold) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  ASSERT_EQ(cluster.job(id).phase, JobPhase::starting);
  ASSERT_TRUE(cluster.ask(RequeueJob{an_operator(), id, {}, true}).has_value());
  cluster.answer_all();
  EXPECT_EQ(cluster.job(id).hold, Hold::by_admin);
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(cluster.ask(ReleaseJob{ada(), id}).error().code, Code::not_permitted);
}

TEST(JobLife, RequeueOfAJobThatWaitsSaysThatItIsThereAlready) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job().held());
  const auto asked = cluster.ask(RequeueJob{ada(), id});
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code, Code::refused);
  EXPECT_EQ(asked.error().message, "job 1 is PENDING: it is in the queue already");
}

TEST(JobLife, HeldJobsWaitUntilReleased) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job().held());
  EXPECT_TRUE(cluster.schedule().empty());
  ASSERT_TRUE(cluster.ask(HoldJob{an_operator(), id}).has_value());
  EXPECT_EQ(cluster.ask(ReleaseJob{ada(), id}).error().code, Code::not_permitted);
  ASSERT_TRUE(cluster.ask(ReleaseJob{an_operator(), id}).has_value());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.ask(HoldJob{ada(), id}).error().message,
            "job 1 is RUNNING: only a pending job can be held");
}

TEST(JobLife, EachCauseHasItsFinalState) {
  const StepResult bad{EndCause::finished, 3, 0, 1, Usage{}, ""};
  const StepResult killed{EndCause::finished, 0, 9, 1, Usage{}, ""};
  const StepResult good{};
  EXPECT_EQ(final_state(EndCause::finished, &good), JobState::completed);
  EXPECT_EQ(final_state(EndCause::finished, &bad), JobState::failed);
  EXPECT_EQ(final_state(EndCause::finished, &killed), JobState::failed);
  EXPECT_EQ(final_state(EndCause::cancelled, &good), JobState::cancelled);
  EXPECT_EQ(final_state(EndCause::time_limit, &killed), JobState::timeout);
  EXPECT_EQ(final_state(EndCause::out_of_memory, &killed), JobState::out_of_memory);
  EXPECT_EQ(final_state(EndCause::node_lost, nullptr), JobState::node_fail);
  EXPECT_EQ(final_state(EndCause::supervisor_lost, nullptr), JobState::node_fail);
  EXPECT_EQ(final_state(EndCause::launch_failed, nullptr), JobState::failed);
}

TEST(JobLife, BackupOfTheTimeLimitEndsAnOverdueJob) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job().minutes(1));
  cluster.advance(seconds(60 + 30 + 60));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  cluster.advance(seconds(1));
  cluster.ask(CheckTime{});
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::timeout);
}

TEST(JobLife, InteractiveJobEndsWithItsInitialStep) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = cluster.run(job().running_a_step().nodes(2).tasks(4));
  ASSERT_EQ(cluster.job_state(id), JobState::running);
  const Step& step = cluster.job(id).run->steps.at(0);
  EXPECT_EQ(step.shares, (std::vector<StepShare>{{NodeId{0}, 2, 0}, {NodeId{1}, 2, 2}}));
  const StepKey key{id, Attempt{1}, StepId{0}};
  StepResult result;
  result.exit_code = 4;
  cluster.ask(ReportStepEnded{NodeId{0}, cluster.session(NodeId{0}), key, result});
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  result.exit_code = 2;
  cluster.ask(ReportStepEnded{NodeId{1}, cluster.session(NodeId{1}), key, result});
  EXPECT_EQ(cluster.effects<SendStepAck>().size(), 2U);
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::failed);
  EXPECT_EQ(cluster.job(id).run->exit_code, 4);
}

TEST(JobLife, LaterStepsArePreparedReleasedAndAcknowledged) {
  Cluster cluster(fleet().nodes(2).cores(4));
  const JobId id = cluster.run(job().nodes(2).tasks(8));
  EXPECT_EQ(cluster.ask(CreateStep{bob(), id, StepRequest{}}).error().code, Code::not_permitted);
  StepRequest request;
  request.argv = {"true"};
  request.tasks = 9;
  EXPECT_EQ(cluster.ask(CreateStep{ada(), id, request}).error().message,
            "step of 9 tasks: the allocation has room for 8");
  request.tasks = 5;
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request}).has_value());
  EXPECT_EQ(cluster.effects<SendPrepareStep>().size(), 2U);
  cluster.answer_all();
  const Step& step = cluster.job(id).run->steps.at(1);
  EXPECT_TRUE(step.released.is_set());
  EXPECT_EQ(step.shares, (std::vector<StepShare>{{NodeId{0}, 3, 0}, {NodeId{1}, 2, 3}}));
  cluster.ask(CancelStep{ada(), id, StepId{0}});
  EXPECT_EQ(cluster.effects<SendEndStep>().size(), 2U);
  cluster.answer_all();
  EXPECT_EQ(cluster.job(id).run->steps.at(1).result.cause, EndCause::cancelled);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

// Asked to end it, a node says again that it refused: the two would go on for ever.
TEST(JobLife, RefusalOfAStepThatHasEndedIsAcknowledged) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  StepRequest request;
  request.argv = {"true"};
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request}).has_value());
  const NodeId node{0};
  ReportStepPrepared refusal{node, cluster.session(node), {id, Attempt{1}, StepId{0}}, "", "no"};
  ASSERT_TRUE(cluster.ask(refusal).has_value());
  ASSERT_TRUE(cluster.job(id).run->steps.at(1).is_ended());
  cluster.sent.clear();
  ASSERT_TRUE(cluster.ask(refusal).has_value());
  EXPECT_EQ(cluster.effects<SendStepAck>().size(), 1U);
  EXPECT_EQ(cluster.effects<SendEndStep>().size(), 0U);
}

TEST(JobLife, StepAskedForTwiceUnderOneKeyIsOneStep) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  StepRequest request;
  request.argv = {"true"};
  const ClientKey key{{7, 9}};
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request, key}).has_value());
  cluster.restart_controller();
  const auto again = cluster.ask(CreateStep{ada(), id, request, key});
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(again->empty());
  ASSERT_NE(step_created_before(cluster.job(id), key), nullptr);
  EXPECT_EQ(step_created_before(cluster.job(id), key)->id, StepId{0});
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request, ClientKey{{7, 8}}}).has_value());
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request}).has_value());
  ASSERT_TRUE(cluster.ask(CreateStep{ada(), id, request}).has_value());
  EXPECT_EQ(cluster.job(id).run->steps.size(),
            5U);  // with the batch step; no key is never the same
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(JobLife, SupervisorOfTheFirstStepLostBeforeTheReleaseUndoesTheStart) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2).running_a_step());
  cluster.schedule();
  ASSERT_EQ(cluster.job(id).phase, JobPhase::starting);
  StepResult lost;
  lost.cause = EndCause::supervisor_lost;
  const NodeId first{0};
  cluster.ask(ReportStepEnded{first, cluster.session(first), {id, Attempt{1}, StepId{0}}, lost});
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_TRUE(cluster.state.find_node(first)->backed_off_until.is_set());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(JobLife, StaleReportsMakeNoFactButGetAnAnswer) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  const Session session = cluster.session(NodeId{0});
  cluster.ask(RequeueJob{ada(), id});
  cluster.answer_all();
  cluster.schedule();
  cluster.sent.clear();
  EXPECT_TRUE(cluster.ask(ReportClosed{NodeId{0}, session, id, Attempt{1}, Usage{}, StepResult{}})
                  ->empty());
  EXPECT_EQ(cluster.effects<SendClosedAck>().size(), 1U);
  EXPECT_TRUE(
      cluster.ask(ReportPrepared{NodeId{0}, session, id, Attempt{1}, "", std::nullopt, true})
          ->empty());
  EXPECT_EQ(cluster.effects<SendClose>().size(), 1U);
  EXPECT_TRUE(
      cluster.ask(ReportClosed{NodeId{0}, Session{999}, id, Attempt{2}, Usage{}, StepResult{}})
          ->empty());
  EXPECT_EQ(cluster.job_state(id), JobState::running);
}

TEST(JobLife, JobsOwnFaultAtPrepareFailsItWithTheReason) {
  for (const std::uint32_t nodes : {1U, 2U}) {
    Cluster cluster(fleet().nodes(2));
    const JobId id = *cluster.submit(job().nodes(nodes));
    cluster.schedule();
    cluster.failed(NodeId{0}, id, "open /x/out: permission denied", false);
    cluster.answer_all();
    EXPECT_EQ(cluster.job_state(id), JobState::failed);
    EXPECT_EQ(cluster.job(id).run->why, "node n0: open /x/out: permission denied");
    EXPECT_EQ(cluster.state.find_node(NodeId{0})->aside, Aside::none);
    EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  }
}

TEST(Trap01, RejectedDispatchLeaksNothingAndTheJobKeepsItsPlace) {
  Cluster cluster(fleet().nodes(3));
  const JobId first = *cluster.submit(job().nodes(2).exclusive());
  cluster.schedule();
  const JobId second = *cluster.submit(job().nodes(2).exclusive());
  cluster.prepared(NodeId{0}, first);
  cluster.failed(NodeId{1}, first, "no cgroup");
  EXPECT_EQ(cluster.job_state(first), JobState::pending);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  for (const NodeFree& free : cluster.state.index.free) EXPECT_EQ(free.cores.count(), 4U);
  cluster.answer_all();
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(first), JobState::configuring);  // before the second, on n0 and n2
  EXPECT_EQ(cluster.job_state(second), JobState::pending);
  EXPECT_EQ(cluster.node_of(first, 1), NodeId{2});
}

TEST(Trap02, NodeThatRejectsBacksOffSoThatTheJobGoesElsewhere) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  ASSERT_EQ(cluster.node_of(id), NodeId{0});
  cluster.failed(NodeId{0}, id, "no cgroup");
  EXPECT_EQ(cluster.state.find_node(NodeId{0})->backed_off_until, cluster.now + seconds(10));
  EXPECT_EQ(cluster.state.find_node(NodeId{0})->why, "could not prepare job 1: no cgroup");
  cluster.answer_all();
  cluster.schedule();
  EXPECT_EQ(cluster.node_of(id), NodeId{1});
  cluster.failed(NodeId{1}, id, "no cgroup");
  cluster.answer_all();
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(cluster.plan().blocked(cluster.state, id).code, Reason::nodes_unavailable);
}

TEST(Trap02, JobThatCanNeverBeStartedIsHeldInTheEnd) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  for (int round = 0; round < 5; ++round) {
    ASSERT_EQ(cluster.job(id).hold, Hold::none);
    cluster.schedule();
    cluster.failed(NodeId{0}, id, "no cgroup");
    cluster.answer_all();
    cluster.ask(ResumeNode{root(), "n0"});
  }
  EXPECT_EQ(cluster.job(id).hold, Hold::by_system);
  EXPECT_NE(cluster.job(id).run->why.find("no cgroup"), std::string::npos);
  EXPECT_TRUE(cluster.schedule().empty());
  ASSERT_TRUE(cluster.ask(ReleaseJob{ada(), id}).has_value());
  EXPECT_EQ(cluster.schedule().size(), 4U);
}

TEST(Trap03, SilentNodeRollsTheGangBackInsteadOfBlockingIt) {
  Cluster cluster(fleet().nodes(3));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.prepared(NodeId{0}, id);
  cluster.advance(seconds(61));
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_TRUE(cluster.state.find_node(NodeId{1})->backed_off_until.is_set());
  cluster.sent.clear();
  cluster.schedule();
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
}

TEST(JobLife, AGangWhoseSupervisorDiesBeforeTheReleaseKeepsItsPlace) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  ASSERT_EQ(cluster.job(id).phase, JobPhase::starting);
  cluster.closed(NodeId{0}, id);
  EXPECT_EQ(cluster.job(id).phase, JobPhase::pending);
  EXPECT_EQ(cluster.job(id).run->starts_undone, 1U);
  EXPECT_EQ(cluster.job(id).run->attempts_run, 0U);
}

TEST(JobLife, SupervisorsThatKeepDyingHoldTheJob) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  for (int round = 0; round < 5; ++round) {
    cluster.schedule();
    cluster.answer_all();
    cluster.closed(NodeId{0}, id);
    cluster.sent.clear();
  }
  EXPECT_EQ(cluster.job(id).hold, Hold::by_system);
}

}  // namespace
}  // namespace cox::core
