// Nodes on which starts fail or processes do not die: scores, times without work, quarantine, and
// the way back.
#include "core/fleet/trouble.h"

#include <gtest/gtest.h>

#include "core/job/lifecycle.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

const Node& node(const Cluster& cluster, std::uint32_t id) {
  return *cluster.state.find_node(NodeId{id});
}

void pass_time(Cluster& cluster, Duration by) {
  cluster.advance(by);
  cluster.heartbeat_all();
  cluster.ask(CheckTime{});
}

ReportStuck stuck(const Cluster& cluster, NodeId at, JobId id, const std::string& why) {
  return {at, cluster.session(at), id, cluster.attempt(id), 1, why};
}

TEST(Trouble, BackOffGrowsWithEachFailureUntilTheNodeIsSetAside) {
  Cluster cluster(fleet().nodes(1));
  const std::vector<std::int64_t> expected = {10, 20, 40, 80};
  for (const std::int64_t pause : expected) {
    const JobId id = *cluster.submit(job());
    cluster.schedule();
    cluster.failed(NodeId{0}, id, "no cgroup");
    cluster.ask(CancelJob{root(), id});
    EXPECT_EQ(node(cluster, 0).backed_off_until, cluster.now + seconds(pause));
    EXPECT_EQ(node(cluster, 0).aside, Aside::none);
    pass_time(cluster, seconds(pause));
    EXPECT_FALSE(node(cluster, 0).backed_off_until.is_set());
  }
  const JobId last = *cluster.submit(job());
  cluster.schedule();
  cluster.failed(NodeId{0}, last, "no cgroup");
  EXPECT_EQ(node(cluster, 0).aside, Aside::failed);
  EXPECT_EQ(node(cluster, 0).why, "5 starts failed, the last: could not prepare job 5: no cgroup");
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  cluster.ask(ResumeNode{root(), "n0"});
  EXPECT_EQ(node(cluster, 0).score, 0U);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(last), JobState::running);
}

TEST(Trouble, ScoreFallsByHalfInItsHalfLifeAndNeverRises) {
  Node one;
  one.score = 4000;
  one.scored = Instant{1};
  EXPECT_EQ(score_at(one, Instant{1}), 4000U);
  EXPECT_EQ(score_at(one, Instant{1} + minutes(15)), 3000U);
  EXPECT_EQ(score_at(one, Instant{1} + minutes(30)), 2000U);
  EXPECT_EQ(score_at(one, Instant{1} + minutes(90)), 500U);
  EXPECT_EQ(score_at(one, Instant{1} + minutes(30 * 100)), 0U);
  EXPECT_EQ(score_at(one, Instant{0}), 4000U);  // a clock that went back forgives nothing
  std::uint32_t last = 4000;
  for (int minute = 0; minute < 400; ++minute) {
    const std::uint32_t now = score_at(one, Instant{1} + minutes(minute));
    EXPECT_LE(now, last);
    last = now;
  }
}

TEST(Trouble, AttemptThatRanWellHalvesTheScore) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.failed(NodeId{1}, id, "no cgroup");
  EXPECT_EQ(node(cluster, 1).score, 1000U);
  cluster.answer_all();
  pass_time(cluster, seconds(10));
  cluster.schedule();
  cluster.answer_all();
  ASSERT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(node(cluster, 1).score, 1000U);
  cluster.batch_ended(NodeId{0}, id);
  cluster.answer_all();
  ASSERT_EQ(cluster.job_state(id), JobState::completed);
  EXPECT_LE(node(cluster, 1).score, 500U);
  EXPECT_EQ(node(cluster, 1).failed_job, JobId{});
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Trap02, RetryAvoidsTheNodeWhereItFailedWhileOthersFit) {
  Cluster cluster(fleet().nodes(2).cores(4));
  const JobId other = cluster.run(job().not_on({"n0"}).cpus(3));
  ASSERT_EQ(cluster.node_of(other), NodeId{1});
  const JobId id = *cluster.submit(job().cpus(1));
  cluster.schedule();
  ASSERT_EQ(cluster.job_state(id), JobState::running);
  const NodeId first = cluster.node_of(id);
  cluster.ask(HoldJob{root(), id});
  cluster.failed(first, id, "no cgroup");
  cluster.answer_all();
  pass_time(cluster, seconds(10));  // the node takes work again, but this job goes elsewhere
  ASSERT_TRUE(cluster.state.index.usable.test(first.value));
  cluster.schedule();
  EXPECT_NE(cluster.node_of(id), first);
}

TEST(Trap02, RetryReturnsToTheNodeWhereItFailedWhenNoOtherFits) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  cluster.failed(NodeId{0}, id, "no cgroup");
  cluster.answer_all();
  EXPECT_TRUE(cluster.schedule().empty());
  EXPECT_EQ(cluster.plan().blocked(cluster.state, id).code, Reason::nodes_unavailable);
  const auto verdict = explain(cluster.state, cluster.contact, cluster.now, cluster.policies(), id);
  ASSERT_GE(verdict.checks.size(), 2U);
  EXPECT_EQ(verdict.checks[1].detail,
            "0 of 1 nodes take new work; n0 rests until " +
                to_utc_text(node(cluster, 0).backed_off_until) +
                " after failed starts: could not prepare job 1: no cgroup");
  EXPECT_EQ(node(cluster, 0).backed_off_until, cluster.now + seconds(10));
  pass_time(cluster, seconds(10));
  cluster.schedule();
  EXPECT_EQ(cluster.attempt(id), Attempt{2});
}

TEST(Trouble, FailuresOfStartsThatWereUnderWayCountOnce) {
  Cluster cluster(fleet().nodes(2));
  const JobId first = *cluster.submit(job().nodes(2));
  const JobId second = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.failed(NodeId{0}, first, "no cgroup");
  cluster.failed(NodeId{0}, second, "no cgroup");
  EXPECT_EQ(node(cluster, 0).score, 1000U);
  EXPECT_EQ(cluster.job_state(second), JobState::pending);
}

TEST(Trouble, SupervisorLostBeforeTheReleaseCostsItsNodeARest) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  cluster.closed(NodeId{0}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  EXPECT_EQ(node(cluster, 0).aside, Aside::none);
  EXPECT_EQ(node(cluster, 0).why, "lost the start of job 1");
  EXPECT_EQ(node(cluster, 1).score, 0U);
  pass_time(cluster, seconds(10));
  cluster.schedule();
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
}

TEST(Trouble, NewBootForgivesEverything) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  cluster.failed(NodeId{0}, id, "no cgroup");
  NodeInventory again = cluster.inventory(NodeId{0});
  cluster.disconnect(NodeId{0});
  cluster.connect(again);
  EXPECT_TRUE(node(cluster, 0).backed_off_until.is_set());
  again.boot_id = "boot-2";
  cluster.disconnect(NodeId{0});
  cluster.connect(again);
  EXPECT_FALSE(node(cluster, 0).backed_off_until.is_set());
  EXPECT_EQ(node(cluster, 0).score, 0U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Programs, FailingPrologSetsItsNodeAsideAndTheJobKeepsItsPlace) {
  for (const std::uint32_t nodes : {1U, 2U}) {
    Cluster cluster(fleet().nodes(3));
    const JobId id = *cluster.submit(job().nodes(nodes));
    cluster.schedule();
    const NodeId bad = cluster.job(id).run->allocation.nodes.front().node;
    ReportPrepared report{bad, cluster.session(bad), id, cluster.attempt(id),
                          "",  "prolog: status 3"};
    report.sets_aside = true;
    cluster.ask(report);
    EXPECT_EQ(node(cluster, bad.value).aside, Aside::failed);
    EXPECT_EQ(node(cluster, bad.value).why, "job 1: prolog: status 3");
    cluster.answer_all();
    cluster.schedule();
    cluster.answer_all();
    EXPECT_EQ(cluster.job_state(id), JobState::running);
    EXPECT_NE(cluster.job(id).run->allocation.nodes.front().node, bad);
    EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  }
}

TEST(Programs, FailingEpilogSetsItsNodeAsideAfterTheJobsEnd) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  ReportClosed report{NodeId{0},   cluster.session(NodeId{0}), id, cluster.attempt(id), {},
                      StepResult{}};
  report.epilog_failure = "epilog: status 1";
  cluster.ask(report);
  EXPECT_EQ(cluster.job_state(id), JobState::completed);
  EXPECT_EQ(node(cluster, 0).aside, Aside::failed);
  EXPECT_EQ(node(cluster, 0).why, "job 1: epilog: status 1");
  // What people said of a node counts more.
  cluster.ask(SetNodeAside{root(), "n0", false, "memory test"});
  cluster.ask(report);
  EXPECT_EQ(node(cluster, 0).aside, Aside::drained);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Programs, ProlongedStartsAreNotUndoneBeforeTheirTime) {
  Settings settings;
  settings.programs.prolog = "/prolog";
  settings.programs.prolog_timeout = minutes(2);
  Cluster cluster(fleet().nodes(2), settings);
  const JobId id = *cluster.submit(job().nodes(2));
  cluster.schedule();
  for (int i = 0; i < 17; ++i) pass_time(cluster, seconds(10));
  EXPECT_EQ(cluster.job_state(id), JobState::configuring);
  EXPECT_EQ(cluster.attempt(id), Attempt{1});
  for (int i = 0; i < 3; ++i) pass_time(cluster, seconds(10));
  EXPECT_NE(cluster.job_state(id), JobState::configuring);
}

TEST(Programs, AJobOfOneNodeIsNotCalledRunningBeforeItsPrologHasEnded) {
  Settings settings;
  settings.programs.prolog = "/prolog";
  Cluster cluster(fleet().nodes(1), settings);
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::configuring);
  ASSERT_EQ(cluster.effects<SendPrepare>().size(), 1U);
  EXPECT_FALSE(cluster.effects<SendPrepare>()[0].go_at_once);
  cluster.prepared(NodeId{0}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  EXPECT_EQ(cluster.effects<SendGo>().size(), 1U);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Health, CheckTakesBackWhatItDidAndNothingElse) {
  Settings settings;
  settings.programs.health = "/health";
  Cluster cluster(fleet().nodes(1), settings);
  const auto say = [&](bool is_well, const std::string& why) {
    cluster.ask(ReportHealth{NodeId{0}, cluster.session(NodeId{0}), is_well, why});
  };
  say(false, "disk full");
  EXPECT_EQ(node(cluster, 0).aside, Aside::unhealthy);
  EXPECT_EQ(node(cluster, 0).why, "disk full");
  const JobId id = *cluster.submit(job());
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::pending);
  say(true, "");
  EXPECT_EQ(node(cluster, 0).aside, Aside::none);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(id), JobState::running);
  // Set aside by hand meanwhile, it stays so whatever the check says.
  say(false, "disk full");
  cluster.ask(SetNodeAside{root(), "n0", false, "memory test"});
  say(true, "");
  say(false, "disk full");
  EXPECT_EQ(node(cluster, 0).aside, Aside::drained);
  EXPECT_EQ(node(cluster, 0).why, "memory test");
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Health, WithoutACheckNothingStaysUnhealthy) {
  Settings settings;
  settings.programs.health = "/health";
  Cluster cluster(fleet().nodes(1), settings);
  cluster.ask(ReportHealth{NodeId{0}, cluster.session(NodeId{0}), false, "disk full"});
  pass_time(cluster, seconds(1));
  EXPECT_EQ(node(cluster, 0).aside, Aside::unhealthy);
  settings.programs.health.clear();
  cluster.ask(ApplySettings{root(), settings});
  pass_time(cluster, seconds(1));
  EXPECT_EQ(node(cluster, 0).aside, Aside::none);
}

TEST(Health, ReportOfAnEarlierSessionCountsNoMore) {
  Cluster cluster(fleet().nodes(1));
  const Session old{cluster.session(NodeId{0}).value + 7};
  cluster.ask(ReportHealth{NodeId{0}, old, false, "disk full"});
  EXPECT_EQ(node(cluster, 0).aside, Aside::none);
}

TEST(Stuck, HealthyNodesComeFreeAndTheStuckOneReturnsByItself) {
  Cluster cluster(fleet().nodes(2));
  const JobId id = cluster.run(job().nodes(2).no_requeue());
  cluster.ask(CancelJob{root(), id});
  cluster.sent.clear();
  cluster.closed(NodeId{0}, id);
  EXPECT_EQ(cluster.state.index.free[0].jobs, 0U);
  cluster.ask(stuck(cluster, NodeId{1}, id, "pid 7 (dd) in state D"));
  EXPECT_EQ(cluster.job_state(id), JobState::completing);
  EXPECT_EQ(stuck_text(cluster.state, cluster.job(id)),
            "node n1: a process survives SIGKILL: pid 7 (dd) in state D");
  const JobId next = cluster.run(job().nodes(2));
  EXPECT_EQ(cluster.job_state(next), JobState::pending);
  EXPECT_EQ(cluster.node_of(cluster.run(job())), NodeId{0});
  const auto again = cluster.ask(stuck(cluster, NodeId{1}, id, "pid 7 (dd) in state D"));
  EXPECT_TRUE(again->empty());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
  cluster.closed(NodeId{1}, id);
  EXPECT_EQ(cluster.job_state(id), JobState::cancelled);
  EXPECT_TRUE(node(cluster, 1).stuck.empty());
  cluster.schedule();
  cluster.answer_all();
  EXPECT_EQ(cluster.job_state(next), JobState::running);
}

TEST(Stuck, NodeThatWasLostMeanwhileStaysOutUntilTheProcessIsGone) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  cluster.ask(CancelJob{root(), id});
  cluster.ask(stuck(cluster, NodeId{0}, id, "pid 7 (dd) in state D"));
  cluster.disconnect(NodeId{0});
  cluster.advance(minutes(6));
  cluster.ask(CheckTime{});
  EXPECT_EQ(cluster.job_state(id), JobState::cancelled);
  cluster.connect(cluster.inventory(NodeId{0}), {HeldAttempt{id, Attempt{1}, false, true, {}}});
  cluster.sent.clear();
  const JobId next = cluster.run(job());
  EXPECT_EQ(cluster.job_state(next), JobState::pending);
  cluster.ask(ReportClosed{NodeId{0}, cluster.session(NodeId{0}), id, Attempt{1}, Usage{}, {}});
  EXPECT_EQ(cluster.effects<SendClosedAck>().size(), 1U);
  cluster.schedule();
  EXPECT_EQ(cluster.job_state(next), JobState::running);
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Stuck, NodeThatRegistersWithoutTheAttemptIsFreeOfIt) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job());
  cluster.ask(CancelJob{root(), id});
  cluster.ask(stuck(cluster, NodeId{0}, id, ""));
  cluster.connect(cluster.inventory(NodeId{0}), {HeldAttempt{id, Attempt{1}, false, true, {}}});
  EXPECT_EQ(node(cluster, 0).stuck.size(), 1U);
  cluster.connect(cluster.inventory(NodeId{0}));
  EXPECT_TRUE(node(cluster, 0).stuck.empty());
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

TEST(Stuck, AReportThatComesAfterTheAttemptWasClosedKeepsNothing) {
  Cluster cluster(fleet().nodes(1));
  const JobId id = cluster.run(job().no_requeue());
  cluster.ask(CancelJob{root(), id});
  cluster.ask(stuck(cluster, NodeId{0}, id, "pid 7 (dd) in state D"));
  cluster.closed(NodeId{0}, id);
  const auto late = cluster.ask(stuck(cluster, NodeId{0}, id, "pid 7 (dd) in state D"));
  ASSERT_TRUE(late.has_value());
  EXPECT_TRUE(late->empty());
  EXPECT_TRUE(node(cluster, 0).stuck.empty());
}

TEST(Partitions, TheOneAJobStartedFromIsRecorded) {
  Settings settings = in_order();
  settings.partitions = {PartitionSettings{}, PartitionSettings{}};
  settings.partitions[1].name = "small";
  settings.partitions[1].nodes = "n1";
  settings.partitions[1].is_default = false;
  settings.partitions[1].tier = 2;
  Cluster cluster(fleet().nodes(2), settings);
  const JobId first = cluster.run(job().exclusive().partitions({"small", "batch"}));
  const JobId second = cluster.run(job().exclusive().partitions({"small", "batch"}));
  EXPECT_EQ(partition_of(cluster.job(first)), only<JobStarted>(cluster.journal)[0].partition);
  std::set<std::string> both = {partition_of(cluster.job(first)),
                                partition_of(cluster.job(second))};
  EXPECT_EQ(both, (std::set<std::string>{"small", "batch"}));
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace cox::core
