// Jobs that are made to stand still by hand: who may, what is counted, and what wakes them.
#include <gtest/gtest.h>

#include "core/job/lifecycle.h"
#include "core/schedule/timeline.h"
#include "core/slice/standing.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// A job of two nodes that runs.
struct Running2 {
  Running2() : id(cluster.run(cox::testing::job().nodes(2).minutes(10))) { cluster.sent.clear(); }

  std::string refusal(const Request& request) {
    const auto asked = cluster.ask(request);
    return asked ? "none" : asked.error().message;
  }

  /// Nodes that were told, with what the message says when it leaves.
  std::string told() {
    std::string text;
    for (const SendPause& one : cluster.effects<SendPause>()) {
      text += (text.empty() ? "" : " ") + std::to_string(one.node.value) +
              (cluster.job(one.job).run->stands.is_set() ? "stands" : "goes");
    }
    cluster.sent.clear();
    return text;
  }

  Cluster cluster;
  JobId id;
};

TEST(Suspend, makes_a_job_stand_still_on_all_its_nodes) {
  Running2 job;
  EXPECT_TRUE(job.cluster.ask(SuspendJob{root(), job.id}));
  EXPECT_EQ(job.told(), "0stands 1stands");
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::suspended);
  EXPECT_TRUE(job.cluster.ask(ResumeJob{root(), job.id}));
  EXPECT_EQ(job.told(), "0goes 1goes");
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::running);
  EXPECT_EQ(job.cluster.faults(), std::vector<std::string>{});
}

TEST(Suspend, by_whom_is_told_by_name_where_that_is_known) {
  Running2 job;
  const auto told = [&](const Caller& by) {
    job.cluster.ask(ResumeJob{root(), job.id});
    EXPECT_TRUE(job.cluster.ask(SuspendJob{by, job.id}));
    const std::string text = standing_text(job.cluster.state, job.cluster.job(job.id));
    return text.substr(text.find(" by "));
  };
  EXPECT_EQ(told(root()), " by root");
  Caller own = an_operator();
  own.uid = job.cluster.job(job.id).request.common->user.uid;
  EXPECT_EQ(told(own), " by " + job.cluster.job(job.id).request.common->user.name);
  EXPECT_EQ(told(an_operator()), " by uid " + std::to_string(an_operator().uid));
}

TEST(Suspend, twice_is_once_and_is_no_error) {
  Running2 job;
  EXPECT_TRUE(job.cluster.ask(ResumeJob{root(), job.id})) << "it goes on as it is";
  EXPECT_EQ(job.told(), "");
  EXPECT_TRUE(job.cluster.ask(SuspendJob{root(), job.id}));
  EXPECT_EQ(job.told(), "0stands 1stands");
  EXPECT_TRUE(job.cluster.ask(SuspendJob{root(), job.id}));
  EXPECT_EQ(job.told(), "");
}

TEST(Suspend, is_an_operators_right_even_for_ones_own_job) {
  Running2 job;
  EXPECT_NE(job.refusal(SuspendJob{ada(), job.id}).find("suspending a job"), std::string::npos);
  EXPECT_NE(job.refusal(ResumeJob{ada(), job.id}).find("resuming a job"), std::string::npos);
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::running);
  EXPECT_EQ(job.refusal(SuspendJob{an_operator(), job.id}), "none");
}

TEST(Suspend, of_a_job_that_does_not_run_is_refused) {
  Running2 job;
  const JobId waiting = *job.cluster.submit(cox::testing::job().nodes(2).exclusive());
  EXPECT_EQ(job.refusal(SuspendJob{root(), waiting}),
            "job 2 is PENDING: only a running job can be suspended");
  EXPECT_EQ(job.refusal(ResumeJob{root(), waiting}),
            "job 2 is PENDING: only a suspended job can be resumed");
  EXPECT_FALSE(job.cluster.ask(SuspendJob{root(), JobId{9}}));
}

TEST(Suspend, time_that_a_job_stood_still_is_not_part_of_its_limit) {
  Running2 job;
  const Instant released = job.cluster.job(job.id).run->released;
  job.cluster.advance(minutes(2));
  job.cluster.ask(SuspendJob{root(), job.id});
  EXPECT_EQ(job.cluster.state.record.jobs.at(job.id).run->stands, job.cluster.now);
  job.cluster.advance(minutes(50));
  job.cluster.heartbeat_all();
  job.cluster.ask(CheckTime{});
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::suspended) << "far over its limit by the wall";
  EXPECT_EQ(stood(job.cluster.job(job.id), job.cluster.now), minutes(50));
  job.cluster.ask(ResumeJob{root(), job.id});
  EXPECT_EQ(expected_end(job.cluster.job(job.id)), released + minutes(60));
  job.cluster.advance(minutes(7));
  job.cluster.heartbeat_all();
  job.cluster.ask(CheckTime{});
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::running);
  job.cluster.advance(minutes(5));
  job.cluster.heartbeat_all();
  job.cluster.ask(CheckTime{});
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::completing);
}

TEST(Suspend, nobody_can_say_when_a_suspended_job_ends) {
  Running2 job;
  job.cluster.ask(SuspendJob{root(), job.id});
  Running running;
  running.rebuild(job.cluster.state);
  EXPECT_FALSE(running.next_end(job.cluster.now).is_set());
  job.cluster.ask(ResumeJob{root(), job.id});
  running.rebuild(job.cluster.state);
  EXPECT_TRUE(running.next_end(job.cluster.now).is_set());
}

TEST(Suspend, a_node_that_registers_again_is_told_and_so_it_is_after_a_restart) {
  Running2 job;
  job.cluster.ask(SuspendJob{root(), job.id});
  job.cluster.sent.clear();
  const NodeInventory node = job.cluster.inventory(NodeId{1});
  const HeldAttempt held{job.id, job.cluster.attempt(job.id), true, false, {}};
  job.cluster.disconnect(NodeId{1});
  job.cluster.connect(node, {held});
  EXPECT_EQ(job.told(), "1stands");
  job.cluster.restart_controller();
  job.cluster.connect(node, {held});
  EXPECT_EQ(job.told(), "1stands");
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::suspended);
  // What was resumed while the node was away goes on there.
  job.cluster.disconnect(NodeId{1});
  job.cluster.ask(ResumeJob{root(), job.id});
  job.cluster.sent.clear();
  job.cluster.connect(node, {held});
  EXPECT_EQ(job.told(), "1goes");
}

TEST(Suspend, a_node_of_jobs_that_never_stood_still_is_told_nothing) {
  Running2 job;
  const NodeInventory node = job.cluster.inventory(NodeId{1});
  const HeldAttempt held{job.id, job.cluster.attempt(job.id), true, false, {}};
  job.cluster.disconnect(NodeId{1});
  job.cluster.connect(node, {held});
  EXPECT_EQ(job.told(), "");
}

TEST(Suspend, what_is_cancelled_ends_and_what_is_requeued_runs_anew) {
  for (const bool is_cancel : {true, false}) {
    Running2 job;
    job.cluster.ask(SuspendJob{root(), job.id});
    job.cluster.sent.clear();
    job.cluster.ask(is_cancel ? Request{CancelJob{ada(), job.id}}
                              : Request{RequeueJob{ada(), job.id}});
    EXPECT_EQ(job.cluster.job_state(job.id), JobState::completing);
    EXPECT_FALSE(job.cluster.job(job.id).run->stands.is_set());
    job.cluster.answer_all();
    job.cluster.schedule();
    job.cluster.answer_all();
    EXPECT_EQ(job.cluster.job_state(job.id), is_cancel ? JobState::cancelled : JobState::running);
    EXPECT_EQ(job.cluster.faults(), std::vector<std::string>{});
  }
}

TEST(Suspend, elements_of_an_array_one_by_one_or_all_that_run) {
  Cluster cluster(fleet().nodes(2).cores(4));
  const JobId array = *cluster.submit(cox::testing::job().cpus(4).array("0-3"));
  cluster.schedule();
  cluster.answer_all();
  ArraySpec second = parse_array("1").value();
  EXPECT_TRUE(cluster.ask(SuspendJob{root(), array, second}));
  std::size_t suspended = 0;
  for (const Job& job : cluster.state.record.jobs) {
    suspended += job_state(job) == JobState::suspended ? 1 : 0;
  }
  EXPECT_EQ(suspended, 1U);
  EXPECT_TRUE(cluster.ask(SuspendJob{root(), array}));
  suspended = 0;
  for (const Job& job : cluster.state.record.jobs) {
    suspended += job_state(job) == JobState::suspended ? 1 : 0;
  }
  EXPECT_EQ(suspended, 2U) << "those that run";
  EXPECT_EQ(cluster.faults(), std::vector<std::string>{});
}

}  // namespace
}  // namespace cox::core
