// Signals by `cox cancel --signal`: who gets them, and when nobody does.
#include <gtest/gtest.h>

#include <csignal>

#include "core/job/lifecycle.h"
#include "testsuite/support/cluster.h"

namespace cox::core {
namespace {

using namespace cox::testing;

/// A batch job on two nodes, and steps of it.
struct Signalled {
  Signalled() : id(cluster.run(cox::testing::job().nodes(2).tasks(2))) { cluster.sent.clear(); }

  void add_step() {
    StepRequest request;
    request.argv = {"true"};
    request.sharing = StepSharing::overlap;
    EXPECT_TRUE(cluster.ask(CreateStep{ada(), id, request, {}}));
    cluster.answer_all();
    cluster.sent.clear();
  }

  Result<Facts> ask(SignalScope scope,
                    std::optional<StepId> step = {},
                    int signal = SIGUSR1,
                    const Caller& caller = ada()) {
    cluster.sent.clear();
    return cluster.ask(SignalJob{caller, id, signal, scope, step, ClientKey{{7, 8}}});
  }

  /// "batch@0! 0@1": step and node of each, ! where the shell alone.
  std::string sent() const {
    std::string text;
    for (const SendSignal& one : cluster.effects<SendSignal>()) {
      EXPECT_EQ(one.key, (ClientKey{{7, 8}}));
      text += (text.empty() ? "" : " ") + step_name(one.step.step) + "@" +
              std::to_string(one.node.value) + (one.first_only ? "!" : "");
    }
    return text;
  }

  std::string refusal(SignalScope scope, std::optional<StepId> step = {}) {
    const auto asked = ask(scope, step);
    EXPECT_EQ(sent(), "");
    return asked ? "none" : asked.error().message;
  }

  Cluster cluster;
  JobId id;
};

TEST(Signals, go_to_the_steps_and_not_to_the_script) {
  Signalled job;
  job.add_step();
  job.add_step();
  const auto asked = job.ask(SignalScope::steps);
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->empty()) << "nothing happened that would have to be remembered";
  EXPECT_EQ(job.sent(), "0@0 0@1 1@0 1@1");
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::running);
}

TEST(Signals, may_be_for_the_shell_of_the_script_or_for_everything) {
  Signalled job;
  job.add_step();
  ASSERT_TRUE(job.ask(SignalScope::batch));
  EXPECT_EQ(job.sent(), "batch@0!");
  ASSERT_TRUE(job.ask(SignalScope::all));
  EXPECT_EQ(job.sent(), "batch@0 0@0 0@1");
  ASSERT_TRUE(job.ask(SignalScope::steps, StepId{0}));
  EXPECT_EQ(job.sent(), "0@0 0@1");
  ASSERT_TRUE(job.ask(SignalScope::steps, step_batch));
  EXPECT_EQ(job.sent(), "batch@0!");
}

TEST(Signals, for_what_does_not_run_are_refused) {
  Signalled job;
  EXPECT_EQ(job.refusal(SignalScope::steps),
            "job 1 has no step that runs (its script: --batch; both: --full)");
  EXPECT_EQ(job.refusal(SignalScope::steps, StepId{3}), "no step 1.3");
  const auto waiting = job.cluster.submit(cox::testing::job().nodes(2).cpus(4).tasks(2));
  ASSERT_TRUE(waiting);
  job.id = *waiting;
  EXPECT_EQ(job.refusal(SignalScope::all), "job 2 is PENDING: only what runs gets a signal");
  job.id = JobId{77};
  EXPECT_FALSE(job.ask(SignalScope::all));
}

TEST(Signals, of_others_are_refused_and_of_operators_not) {
  Signalled job;
  EXPECT_EQ(job.ask(SignalScope::batch, {}, SIGUSR1, bob()).error().code, Code::not_permitted);
  EXPECT_EQ(job.sent(), "");
  EXPECT_TRUE(job.ask(SignalScope::batch, {}, SIGUSR1, an_operator()));
  EXPECT_EQ(job.sent(), "batch@0!");
}

TEST(Signals, reach_all_nodes_of_a_step_or_none) {
  Signalled job;
  job.add_step();
  job.cluster.disconnect(job.cluster.node_of(job.id, 1));
  EXPECT_EQ(job.refusal(SignalScope::steps),
            "step 1.0 runs on node n1, which is not connected: nobody was sent the signal");
  EXPECT_TRUE(job.ask(SignalScope::batch)) << "the script runs on the first node";
}

TEST(Signals, that_kill_a_job_that_is_ending_leave_its_tasks_no_more_time) {
  Signalled job;
  job.add_step();
  job.cluster.ask(CancelJob{ada(), job.id});
  EXPECT_EQ(job.cluster.job(job.id).phase, JobPhase::ending);
  static_cast<void>(job.sent());
  ASSERT_TRUE(job.ask(SignalScope::steps, {}, SIGKILL));
  EXPECT_EQ(job.sent(), "batch@0 0@0 0@1");
}

TEST(Signals, that_kill_a_whole_job_cancel_it) {
  Signalled job;
  job.add_step();
  ASSERT_TRUE(job.ask(SignalScope::steps, StepId{0}, SIGKILL));
  EXPECT_EQ(job.sent(), "0@0 0@1") << "of a step its processes alone";
  EXPECT_EQ(job.cluster.job_state(job.id), JobState::running);
  const auto asked = job.ask(SignalScope::steps, {}, SIGKILL);
  ASSERT_TRUE(asked);
  EXPECT_EQ(only<JobEnding>(*asked).size(), 1U);
  EXPECT_EQ(job.sent(), "");
}

}  // namespace
}  // namespace cox::core
