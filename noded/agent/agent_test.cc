// The agent's rules, one situation per test: requests in, effects out.
#include "noded/agent/agent.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace cox::agent {
namespace {

constexpr Origin origin{Epoch{1}, Session{7}};
constexpr AttemptKey job1{JobId{1}, Attempt{1}};
constexpr AttemptKey job1_again{JobId{1}, Attempt{2}};
constexpr StepKey batch1{JobId{1}, Attempt{1}, step_batch};
constexpr StepKey step0{JobId{1}, Attempt{1}, StepId{0}};
constexpr StepKey step1{JobId{1}, Attempt{1}, StepId{1}};

StepResult result_of(int exit_code) {
  StepResult result;
  result.exit_code = exit_code;
  return result;
}

struct Node {
  AgentState state;

  Node() { tell(Registered{origin, seconds(30)}); }

  AgentEffects tell(const AgentRequest& request) { return handle(state, request); }

  AgentEffects status(const StepKey& step, StepPhase phase, int exit_code = 0) {
    return tell(SupervisorStatus{step, phase, "sock", {}, result_of(exit_code)});
  }

  void run_batch() {
    tell(Prepare{origin, job1, step_batch, true});
    tell(ContainerMade{job1, {}, true});
    status(batch1, StepPhase::prepared);
    status(batch1, StepPhase::running);
  }

  // An interactive attempt whose initial step is released.
  void run_interactive() {
    tell(Prepare{origin, job1, StepId{0}, false});
    tell(ContainerMade{job1, {}, true});
    status(step0, StepPhase::prepared);
    tell(Go{origin, step0, {"sock"}});
    status(step0, StepPhase::running);
  }

  // Before any session, as at the start of a daemon.
  void restart() { state = AgentState{}; }
};

template <class Effect>
std::vector<Effect> all(const AgentEffects& effects) {
  std::vector<Effect> found;
  for (const AgentEffect& effect : effects) {
    if (const auto* one = std::get_if<Effect>(&effect)) found.push_back(*one);
  }
  return found;
}

template <class Effect>
bool has(const AgentEffects& effects) {
  return !all<Effect>(effects).empty();
}

TEST(Agent, a_failed_prolog_is_told_with_what_it_means_for_the_node_also_later) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true});
  AgentEffects effects = node.tell(ContainerMade{job1, "prolog: exit status 3", true, true});
  ASSERT_TRUE(has<ReportPrepared>(effects));
  EXPECT_TRUE(all<ReportPrepared>(effects)[0].sets_aside);
  EXPECT_FALSE(has<SpawnSupervisor>(effects));
  effects = reconcile(node.state);
  ASSERT_TRUE(has<ReportPrepared>(effects));
  EXPECT_TRUE(all<ReportPrepared>(effects)[0].sets_aside);
}

TEST(Agent, a_failed_epilog_is_told_with_the_close_until_that_is_acknowledged) {
  Node node;
  node.run_batch();
  node.status(batch1, StepPhase::ended, 3);
  AgentEffects effects = node.tell(ContainerRemoved{job1, {}, "epilog: exit status 1"});
  ASSERT_TRUE(has<ReportClosed>(effects));
  EXPECT_EQ(all<ReportClosed>(effects)[0].epilog_failure, "epilog: exit status 1");
  EXPECT_EQ(all<ReportClosed>(effects)[0].batch_result->exit_code, 3);
  effects = reconcile(node.state);
  ASSERT_TRUE(has<ReportClosed>(effects));
  EXPECT_EQ(all<ReportClosed>(effects)[0].epilog_failure, "epilog: exit status 1");
}

TEST(Agent, a_batch_step_is_told_to_have_ended_before_the_epilog_has) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true, true});
  node.tell(ContainerMade{job1, {}, true});
  node.status(batch1, StepPhase::running);
  AgentEffects effects = node.status(batch1, StepPhase::ended, 3);
  ASSERT_EQ(all<ReportStepEnded>(effects).size(), 1U);
  EXPECT_EQ(all<ReportStepEnded>(effects)[0].step, batch1);
  EXPECT_EQ(all<ReportStepEnded>(effects)[0].result.exit_code, 3);
  EXPECT_TRUE(has<RemoveContainer>(effects));
  EXPECT_FALSE(has<ReportClosed>(effects));
  // Acknowledged and closed once more: the result goes with Closed all the same.
  EXPECT_TRUE(has<TellForget>(node.tell(StepAck{origin, batch1})));
  EXPECT_TRUE(node.tell(Close{origin, job1, EndCause::finished}).empty());
  const auto closed = all<ReportClosed>(node.tell(ContainerRemoved{job1, {}}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].batch_result->exit_code, 3);
}

TEST(Agent, an_adopted_batch_step_is_told_to_have_ended_before_the_epilog_too) {
  Node node;
  node.restart();
  RecoverAttempt found{job1, step_batch, true, true, {step_batch}};
  found.has_epilog = true;
  node.tell(found);
  node.status(batch1, StepPhase::running);
  node.tell(Registered{origin, seconds(30)});
  EXPECT_TRUE(has<ReportStepEnded>(node.status(batch1, StepPhase::ended, 2)));
}

TEST(Agent, a_batch_job_of_one_node_needs_one_message_and_answers_once) {
  Node node;
  AgentEffects effects = node.tell(Prepare{origin, job1, step_batch, true});
  EXPECT_TRUE(has<Remember>(effects));
  EXPECT_TRUE(has<MakeContainer>(effects));
  effects = node.tell(ContainerMade{job1, {}, true});
  ASSERT_TRUE(has<SpawnSupervisor>(effects));
  EXPECT_TRUE(all<SpawnSupervisor>(effects)[0].go_at_once);
  EXPECT_TRUE(node.status(batch1, StepPhase::prepared).empty());
  EXPECT_TRUE(node.status(batch1, StepPhase::running).empty());
  effects = node.status(batch1, StepPhase::ended, 3);
  EXPECT_TRUE(has<RemoveContainer>(effects));
  EXPECT_FALSE(has<ReportStepEnded>(effects));
  effects = node.tell(ContainerRemoved{job1, Usage{5, 6, 7}});
  const auto closed = all<ReportClosed>(effects);
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].batch_result->exit_code, 3);
  EXPECT_EQ(closed[0].usage.memory_peak_bytes, 7);
  effects = node.tell(ClosedAck{origin, job1});
  EXPECT_TRUE(has<Forget>(effects));
  EXPECT_TRUE(has<TellForget>(effects));
  EXPECT_TRUE(node.state.attempts.empty());
}

TEST(Agent, a_changed_limit_is_told_while_the_attempt_is_here) {
  Node node;
  EXPECT_TRUE(node.tell(ChangeLimit{origin, job1, minutes(5)}).empty()) << "nobody knows it";
  node.run_batch();
  const auto told = all<TellLimit>(node.tell(ChangeLimit{origin, job1, minutes(5)}));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].attempt, job1);
  EXPECT_EQ(told[0].limit, minutes(5));
  EXPECT_TRUE(has<TellLimit>(node.tell(ChangeLimit{origin, job1, minutes(5)}))) << "safe to repeat";
  const Origin other{Epoch{1}, Session{6}};
  EXPECT_TRUE(node.tell(ChangeLimit{other, job1, minutes(9)}).empty()) << "of a session before";
  node.tell(Close{origin, job1, EndCause::cancelled});
  EXPECT_TRUE(node.tell(ChangeLimit{origin, job1, minutes(9)}).empty()) << "it ends already";
}

std::vector<bool> paused(const AgentEffects& effects) {
  std::vector<bool> states;
  for (const PauseAttempt& one : all<PauseAttempt>(effects)) {
    EXPECT_EQ(one.attempt, job1);
    states.push_back(one.stands);
  }
  return states;
}

TEST(Agent, an_attempt_stands_still_and_goes_on_as_often_as_it_is_told) {
  Node node;
  EXPECT_TRUE(node.tell(Pause{origin, job1, true}).empty()) << "nobody knows it";
  node.run_batch();
  const std::vector<bool> stands{true};
  const std::vector<bool> goes{false};
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, true})), stands);
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, true})), stands) << "safe to repeat";
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, false})), goes);
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, false})), goes) << "whatever a restart left";
  const Origin other{Epoch{1}, Session{6}};
  EXPECT_TRUE(node.tell(Pause{other, job1, true}).empty()) << "of a session before";
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, true, Instant{20}})), stands);
  EXPECT_TRUE(node.tell(Pause{origin, job1, false, Instant{10}}).empty()) << "a copy, overtaken";
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, true, Instant{20}})), stands);
  EXPECT_EQ(paused(node.tell(Pause{origin, job1, false, Instant{30}})), goes);
}

TEST(Agent, what_ends_goes_on_to_end_and_is_not_made_to_stand_still_again) {
  Node node;
  node.run_batch();
  node.tell(Pause{origin, job1, true});
  const AgentEffects effects = node.tell(Close{origin, job1, EndCause::cancelled});
  EXPECT_TRUE(has<TellEnd>(effects));
  EXPECT_EQ(paused(effects), std::vector<bool>{false});
  EXPECT_TRUE(node.tell(Pause{origin, job1, true}).empty());
}

TEST(Agent, what_ends_after_a_restart_goes_on_though_nobody_knows_that_it_stood) {
  Node node;
  node.run_batch();
  node.tell(Pause{origin, job1, true});
  node.restart();
  node.tell(RecoverAttempt{job1, step_batch, true, true, {step_batch}});
  node.status(batch1, StepPhase::running);
  node.tell(Registered{origin, seconds(30)});
  EXPECT_EQ(paused(node.tell(Close{origin, job1, EndCause::cancelled})), std::vector<bool>{false});
}

TEST(Agent, a_batch_job_that_stands_still_from_its_start_goes_when_it_is_told) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true, false, true});
  const auto spawned = all<SpawnSupervisor>(node.tell(ContainerMade{job1, {}, true}));
  ASSERT_EQ(spawned.size(), 1U);
  EXPECT_TRUE(spawned[0].go_at_once) << "it marks its beginning";
  EXPECT_TRUE(spawned[0].stands);
  EXPECT_FALSE(has<TellGo>(node.status(batch1, StepPhase::prepared)));
  const AgentEffects effects = node.tell(Pause{origin, job1, false});
  EXPECT_EQ(all<TellGo>(effects).size(), 1U);
  EXPECT_EQ(paused(effects), std::vector<bool>{false});
}

TEST(Agent, a_supervisor_that_was_started_to_wait_goes_also_when_it_is_ready_later) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true, false, true});
  node.tell(ContainerMade{job1, {}, true});
  EXPECT_FALSE(has<TellGo>(node.tell(Pause{origin, job1, false}))) << "it is not ready";
  EXPECT_TRUE(has<TellGo>(node.status(batch1, StepPhase::prepared)));
}

TEST(Agent, a_supervisor_waits_for_its_turn_over_a_restart_of_the_daemon) {
  Node node;
  node.restart();
  node.tell(RecoverAttempt{job1, step_batch, true, true, {step_batch}});
  EXPECT_FALSE(has<TellGo>(node.status(batch1, StepPhase::prepared)));
  node.tell(Registered{origin, seconds(30)});
  EXPECT_FALSE(has<TellGo>(node.tell(Pause{origin, job1, true})));
  EXPECT_TRUE(has<TellGo>(node.tell(Pause{origin, job1, false})));
}

TEST(Agent, go_of_what_stands_still_is_kept) {
  Node node;
  node.tell(Prepare{origin, job1, StepId{0}, false});
  node.tell(ContainerMade{job1, {}, true});
  node.status(step0, StepPhase::prepared);
  node.tell(Pause{origin, job1, true});
  EXPECT_FALSE(has<TellGo>(node.tell(Go{origin, step0, {"a", "b"}})));
  const auto went = all<TellGo>(node.tell(Pause{origin, job1, false}));
  ASSERT_EQ(went.size(), 1U);
  EXPECT_EQ(went[0].endpoints.size(), 2U);
  // And so is that of a later step.
  node.status(step0, StepPhase::running);
  node.tell(PrepareStep{origin, step1});
  node.tell(Pause{origin, job1, true});
  node.status(step1, StepPhase::prepared);
  EXPECT_FALSE(has<TellGo>(node.tell(Go{origin, step1, {"a"}})));
  const auto later = all<TellGo>(node.tell(Pause{origin, job1, false}));
  ASSERT_EQ(later.size(), 1U);
  EXPECT_EQ(later[0].step, step1);
}

TEST(Agent, tasks_that_were_on_their_way_stand_still_as_well) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true});
  node.tell(ContainerMade{job1, {}, true});
  node.tell(Pause{origin, job1, true});
  EXPECT_EQ(paused(node.status(batch1, StepPhase::running)), std::vector<bool>{true});
}

TEST(Agent, a_container_is_frozen_as_soon_as_it_is_made) {
  Node node;
  node.tell(Prepare{origin, job1, StepId{0}, false});
  EXPECT_TRUE(node.tell(Pause{origin, job1, true}).empty());
  const AgentEffects made = node.tell(ContainerMade{job1, {}, true});
  EXPECT_EQ(paused(made), std::vector<bool>{true}) << "and when it is made, it is";
  ASSERT_EQ(all<SpawnSupervisor>(made).size(), 1U);
  EXPECT_TRUE(all<SpawnSupervisor>(made)[0].stands);
}

TEST(Agent, a_gang_member_waits_for_go_and_reports_its_endpoint) {
  Node node;
  node.tell(Prepare{origin, job1, StepId{0}, false});
  const auto spawned = all<SpawnSupervisor>(node.tell(ContainerMade{job1, {}, true}));
  ASSERT_EQ(spawned.size(), 1U);
  EXPECT_FALSE(spawned[0].go_at_once);
  const AgentEffects ready = node.status(step0, StepPhase::prepared);
  ASSERT_TRUE(has<ReportPrepared>(ready));
  EXPECT_EQ(all<ReportPrepared>(ready)[0].endpoint, "sock");
  EXPECT_FALSE(has<TellGo>(ready));
  const AgentEffects went = node.tell(Go{origin, step0, {"a", "b"}});
  ASSERT_TRUE(has<TellGo>(went));
  EXPECT_EQ(all<TellGo>(went)[0].endpoints.size(), 2U);
  EXPECT_TRUE(has<Remember>(went));
  EXPECT_TRUE(node.tell(Go{origin, step0, {"a", "b"}}).empty()) << "a doubled go starts nothing";
}

TEST(Agent, a_node_without_the_initial_step_is_prepared_with_its_container) {
  Node node;
  node.tell(Prepare{origin, job1, std::nullopt, false});
  const AgentEffects effects = node.tell(ContainerMade{job1, {}, true});
  EXPECT_TRUE(has<ReportPrepared>(effects));
  EXPECT_FALSE(has<SpawnSupervisor>(effects));
}

TEST(Agent, a_go_before_the_supervisor_is_ready_is_kept) {
  Node node;
  node.tell(Prepare{origin, job1, StepId{0}, false});
  EXPECT_FALSE(has<TellGo>(node.tell(Go{origin, step0, {"a"}})));
  node.tell(ContainerMade{job1, {}, true});
  const AgentEffects effects = node.status(step0, StepPhase::prepared);
  EXPECT_TRUE(has<TellGo>(effects));
}

TEST(Agent, a_doubled_prepare_is_answered_from_memory) {
  Node node;
  node.run_interactive();
  const AgentEffects effects = node.tell(Prepare{origin, job1, StepId{0}, false});
  EXPECT_TRUE(has<ReportPrepared>(effects));
  EXPECT_FALSE(has<MakeContainer>(effects));
}

TEST(Agent, a_copy_of_prepare_behind_the_release_or_the_close_prepares_nothing_anew) {
  Node node;
  const Prepare before{origin, job1, StepId{0}, false, false, true};
  node.run_interactive();
  const AgentState running = node.state;
  AgentEffects effects = node.tell(before);
  EXPECT_FALSE(has<MakeContainer>(effects) || has<SpawnSupervisor>(effects));
  EXPECT_EQ(node.state, running) << "what it said of standing still is long past";
  node.tell(Close{origin, job1, EndCause::cancelled});
  const AgentState closing = node.state;
  effects = node.tell(before);
  EXPECT_FALSE(has<MakeContainer>(effects) || has<SpawnSupervisor>(effects));
  EXPECT_EQ(node.state, closing);
  node.status(step0, StepPhase::ended);
  node.tell(SupervisorGone{step0, "exited", true});
  node.tell(ContainerRemoved{job1, {}});
  node.tell(ClosedAck{origin, job1});
  ASSERT_EQ(node.state.find(job1), nullptr);
  effects = node.tell(before);
  EXPECT_FALSE(has<MakeContainer>(effects) || has<SpawnSupervisor>(effects));
  EXPECT_EQ(node.state.find(job1), nullptr);
}

TEST(Agent, messages_of_another_session_are_void) {
  Node node;
  EXPECT_TRUE(node.tell(Prepare{{Epoch{1}, Session{6}}, job1, step_batch, true}).empty());
  EXPECT_TRUE(node.tell(Prepare{{Epoch{2}, Session{7}}, job1, step_batch, true}).empty());
  node.tell(Disconnected{});
  EXPECT_TRUE(node.tell(Prepare{origin, job1, step_batch, true}).empty());
  EXPECT_TRUE(node.tell(Registered{origin, seconds(1)}).empty());
  EXPECT_FALSE(node.state.in_session) << "a doubled registration revived its session";
}

TEST(Agent, a_close_that_arrives_before_the_prepare_wins) {
  Node node;
  EXPECT_TRUE(has<ReportClosed>(node.tell(Close{origin, job1, EndCause::cancelled})));
  const AgentEffects effects = node.tell(Prepare{origin, job1, step_batch, true});
  EXPECT_FALSE(has<MakeContainer>(effects));
  EXPECT_TRUE(has<ReportClosed>(effects));
}

TEST(Agent, a_close_while_the_container_is_made_waits_for_it) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true});
  EXPECT_FALSE(has<RemoveContainer>(node.tell(Close{origin, job1, EndCause::cancelled})));
  const AgentEffects effects = node.tell(ContainerMade{job1, {}, true});
  EXPECT_FALSE(has<SpawnSupervisor>(effects));
  EXPECT_TRUE(has<RemoveContainer>(effects));
}

TEST(Agent, a_prepare_after_the_closing_was_acknowledged_does_not_start) {
  Node node;
  node.run_batch();
  node.status(batch1, StepPhase::ended);
  node.tell(ContainerRemoved{job1, {}});
  node.tell(ClosedAck{origin, job1});
  const AgentEffects effects = node.tell(Prepare{origin, job1, step_batch, true});
  EXPECT_FALSE(has<MakeContainer>(effects));
  EXPECT_TRUE(has<ReportClosed>(effects));
}

TEST(Agent, a_newer_attempt_waits_until_the_older_one_is_gone) {
  Node node;
  node.run_batch();
  AgentEffects effects = node.tell(Prepare{origin, job1_again, step_batch, true});
  EXPECT_TRUE(has<TellEnd>(effects));
  EXPECT_FALSE(has<MakeContainer>(effects));
  EXPECT_TRUE(has<RemoveContainer>(node.status(batch1, StepPhase::ended)));
  effects = node.tell(ContainerRemoved{job1, {}});
  EXPECT_TRUE(has<ReportClosed>(effects));
  ASSERT_TRUE(has<MakeContainer>(effects));
  EXPECT_EQ(all<MakeContainer>(effects)[0].attempt, job1_again);
}

TEST(Agent, an_older_attempt_than_the_one_held_is_answered_closed) {
  Node node;
  node.tell(Prepare{origin, job1_again, step_batch, true});
  const AgentEffects effects = node.tell(Prepare{origin, job1, step_batch, true});
  ASSERT_TRUE(has<ReportClosed>(effects));
  EXPECT_EQ(all<ReportClosed>(effects)[0].attempt, job1);
}

TEST(Agent, Trap01_a_rejected_dispatch_is_reported_and_closed_without_a_rest) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true});
  AgentEffects effects = node.tell(ContainerMade{job1, "no space left on device", true});
  ASSERT_TRUE(has<ReportPrepared>(effects));
  EXPECT_EQ(all<ReportPrepared>(effects)[0].failure, "no space left on device");
  EXPECT_TRUE(all<ReportPrepared>(effects)[0].node_at_fault);
  EXPECT_TRUE(has<RemoveContainer>(node.tell(Close{origin, job1, EndCause::launch_failed})));
  node.tell(ContainerRemoved{job1, {}});
  node.tell(ClosedAck{origin, job1});
  EXPECT_TRUE(node.state.attempts.empty());
}

TEST(Agent, a_supervisor_that_cannot_prepare_blames_the_job) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true});
  node.tell(ContainerMade{job1, {}, true});
  const AgentEffects effects = node.tell(SupervisorStatus{
      batch1, StepPhase::ended, "", "open /x/y.out: permission denied", StepResult{}});
  ASSERT_TRUE(has<ReportPrepared>(effects));
  EXPECT_FALSE(all<ReportPrepared>(effects)[0].node_at_fault);
  const AgentEffects again = node.tell(Registered{{Epoch{1}, Session{8}}, seconds(30)});
  EXPECT_TRUE(has<ReportPrepared>(again)) << "the failure is told again in a new session";
}

TEST(Agent, a_supervisor_that_could_not_be_started_blames_the_node) {
  Node node;
  node.tell(Prepare{origin, job1, step_batch, true});
  node.tell(ContainerMade{job1, {}, true});
  const AgentEffects effects = node.tell(SupervisorGone{batch1, "not found", false});
  ASSERT_TRUE(has<ReportPrepared>(effects));
  EXPECT_TRUE(all<ReportPrepared>(effects)[0].node_at_fault);
}

TEST(Agent, a_lost_supervisor_has_its_container_killed_and_ends_the_step) {
  Node node;
  node.run_interactive();
  const AgentEffects effects = node.tell(SupervisorGone{step0, "killed by signal 9"});
  EXPECT_TRUE(has<KillStep>(effects));
  const auto ended = all<ReportStepEnded>(effects);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].result.cause, EndCause::supervisor_lost);
}

TEST(Agent, a_lost_batch_supervisor_closes_the_attempt) {
  Node node;
  node.run_batch();
  EXPECT_TRUE(has<RemoveContainer>(node.tell(SupervisorGone{batch1, "killed by signal 9"})));
  const auto closed = all<ReportClosed>(node.tell(ContainerRemoved{job1, {}}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].batch_result->cause, EndCause::supervisor_lost);
}

TEST(Agent, the_end_of_the_batch_step_ends_the_other_steps) {
  Node node;
  node.run_batch();
  node.tell(PrepareStep{origin, step0});
  node.status(step0, StepPhase::prepared);
  node.tell(Go{origin, step0, {}});
  const AgentEffects effects = node.status(batch1, StepPhase::ended);
  ASSERT_TRUE(has<TellEnd>(effects));
  EXPECT_EQ(all<TellEnd>(effects)[0].step, step0);
  EXPECT_FALSE(has<RemoveContainer>(effects));
  EXPECT_TRUE(has<RemoveContainer>(node.status(step0, StepPhase::ended)));
}

TEST(Agent, supervisors_are_told_once_to_end) {
  Node node;
  node.run_interactive();
  EXPECT_EQ(all<TellEnd>(node.tell(EndStep{origin, step0, EndCause::cancelled})).size(), 1U);
  EXPECT_TRUE(node.tell(EndStep{origin, step0, EndCause::cancelled}).empty());
  EXPECT_FALSE(has<TellEnd>(node.tell(Close{origin, job1, EndCause::cancelled})));
}

TEST(Agent, a_step_ended_before_its_prepare_does_not_start) {
  Node node;
  node.run_interactive();
  EXPECT_TRUE(has<ReportStepEnded>(node.tell(EndStep{origin, step1, EndCause::cancelled})));
  EXPECT_FALSE(has<SpawnSupervisor>(node.tell(PrepareStep{origin, step1})));
}

TEST(Agent, a_step_of_an_attempt_that_is_not_here_is_refused_by_name) {
  Node node;
  const auto reports = all<ReportStepPrepared>(node.tell(PrepareStep{origin, step0}));
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].failure, "its attempt is not on this node");
}

TEST(Agent, a_result_is_kept_until_acknowledged) {
  Node node;
  node.run_interactive();
  node.status(step0, StepPhase::ended, 4);
  node.tell(Disconnected{});
  const AgentEffects effects = node.tell(Registered{{Epoch{2}, Session{1}}, seconds(30)});
  ASSERT_TRUE(has<ReportStepEnded>(effects));
  EXPECT_EQ(all<ReportStepEnded>(effects)[0].result.exit_code, 4);
  EXPECT_TRUE(has<TellForget>(node.tell(StepAck{{Epoch{2}, Session{1}}, step0})));
  EXPECT_FALSE(has<SpawnSupervisor>(node.tell(PrepareStep{{Epoch{2}, Session{1}}, step0})));
}

TEST(Agent, closing_is_listed_until_acknowledged) {
  Node node;
  node.run_batch();
  node.status(batch1, StepPhase::ended);
  node.tell(ContainerRemoved{job1, {}});
  ASSERT_EQ(held(node.state).size(), 1U);
  EXPECT_TRUE(held(node.state)[0].closing);
  EXPECT_TRUE(has<ReportClosed>(node.tell(Registered{{Epoch{1}, Session{8}}, seconds(30)})));
}

TEST(Agent, an_attempt_that_was_closed_before_it_was_prepared_is_not_begun_by_a_late_prepare) {
  Node node;
  EXPECT_TRUE(has<ReportClosed>(node.tell(Close{origin, job1, EndCause::cancelled})));
  const AgentEffects effects = node.tell(Prepare{origin, job1, step_batch, true});
  EXPECT_FALSE(has<MakeContainer>(effects));
  EXPECT_EQ(node.state.find(job1), nullptr);
  EXPECT_TRUE(has<MakeContainer>(node.tell(Prepare{origin, job1_again, step_batch, true})));
}

TEST(Agent, processes_that_survive_kill_are_tried_again_each_second) {
  Node node;
  node.run_batch();
  node.status(batch1, StepPhase::ended);
  EXPECT_TRUE(node.tell(SecondPassed{}).empty());
  node.tell(ContainerBusy{job1, 1});
  EXPECT_TRUE(has<RemoveContainer>(node.tell(SecondPassed{})));
  EXPECT_TRUE(has<RemoveContainer>(node.tell(SecondPassed{})));
  EXPECT_TRUE(is_anything_closing(node.state));
}

TEST(Agent, a_supervisor_that_does_not_end_is_killed_past_kill_wait) {
  Node node;
  node.run_batch();
  node.tell(Close{origin, job1, EndCause::cancelled});
  AgentEffects effects;
  for (int second = 0; second < 34; ++second) {
    effects = node.tell(SecondPassed{});
    EXPECT_TRUE(effects.empty()) << second;
  }
  EXPECT_TRUE(has<KillAttempt>(node.tell(SecondPassed{})));
  for (int second = 0; second < 5; ++second) effects = node.tell(SecondPassed{});
  EXPECT_TRUE(has<KillSupervisor>(effects));
}

TEST(Agent, Trap04_a_restarted_daemon_tells_what_became_of_a_running_job) {
  Node node;
  node.restart();
  node.tell(RecoverAttempt{job1, step_batch, true, true, {}});
  const auto lost = held(node.state);
  ASSERT_EQ(lost.size(), 1U);
  EXPECT_TRUE(lost[0].closing);
  node.tell(ContainerRemoved{job1, {}});
  const auto closed = all<ReportClosed>(node.tell(Registered{origin, seconds(30)}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].batch_result->cause, EndCause::supervisor_lost);
}

TEST(Agent, an_attempt_that_never_began_is_no_lost_one_but_a_failed_start) {
  Node node;
  node.restart();
  RecoverAttempt found{job1, step_batch, true, true, {}};
  found.never_began = true;
  node.tell(found);
  ASSERT_EQ(held(node.state).size(), 1U);
  EXPECT_FALSE(held(node.state)[0].closing);
  const auto told = node.tell(Registered{origin, seconds(30)});
  ASSERT_EQ(all<ReportPrepared>(told).size(), 1U);
  EXPECT_TRUE(all<ReportPrepared>(told)[0].failure.has_value());
  EXPECT_TRUE(all<ReportPrepared>(told)[0].node_at_fault);
  EXPECT_TRUE(all<ReportClosed>(told).empty());
  EXPECT_TRUE(has<RemoveContainer>(node.tell(Close{origin, job1, EndCause::requeued})));
  EXPECT_EQ(all<ReportClosed>(node.tell(ContainerRemoved{job1, {}})).size(), 1U);
}

TEST(Agent, a_container_without_a_file_is_held_and_closed_so_that_its_job_is_not_started_anew) {
  Node node;
  node.restart();
  const AgentEffects effects = node.tell(RecoverAttempt{job1, {}, false, false, {}, true});
  EXPECT_TRUE(std::holds_alternative<RememberEnded>(effects.front()))
      << "before what shows it goes";
  EXPECT_TRUE(std::holds_alternative<RemoveContainer>(effects.back()));
  const auto found = held(node.state);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].closing);
  node.tell(Registered{origin, seconds(30)});
  const auto closed = all<ReportClosed>(node.tell(ContainerRemoved{job1, {}}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_FALSE(closed[0].batch_result.has_value());
  EXPECT_TRUE(has<Forget>(node.tell(ClosedAck{origin, job1}))) << "and the word is kept until then";
}

TEST(Agent, an_adopted_supervisor_goes_on) {
  Node node;
  node.restart();
  node.tell(RecoverAttempt{job1, step_batch, true, true, {step_batch}});
  node.status(batch1, StepPhase::running);
  node.tell(Registered{origin, seconds(30)});
  EXPECT_TRUE(has<RemoveContainer>(node.status(batch1, StepPhase::ended, 2)));
  const auto closed = all<ReportClosed>(node.tell(ContainerRemoved{job1, {}}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].batch_result->exit_code, 2);
}

TEST(Agent, an_attempt_that_was_never_released_prepares_again_after_a_restart) {
  Node node;
  node.restart();
  EXPECT_TRUE(has<MakeContainer>(node.tell(RecoverAttempt{job1, StepId{0}, false, false, {}})));
}

TEST(Agent, a_supervisor_of_nobody_is_ended_and_then_forgotten) {
  Node node;
  EXPECT_TRUE(has<TellEnd>(node.status(batch1, StepPhase::running)));
  EXPECT_TRUE(has<TellForget>(node.status(batch1, StepPhase::ended)));
}

TEST(Agent, usage_of_the_supervisors_counts_where_the_container_counts_nothing) {
  Node node;
  node.run_batch();
  StepResult result;
  result.usage = Usage{100, 20, 4096};
  node.tell(SupervisorStatus{batch1, StepPhase::ended, "", {}, result});
  const auto closed = all<ReportClosed>(node.tell(ContainerRemoved{job1, Usage{}}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].usage, (Usage{100, 20, 4096}));
}

TEST(Agent, usage_of_steps_that_were_acknowledged_before_the_end_counts_too) {
  Node node;
  node.run_interactive();
  StepResult result = result_of(0);
  result.usage = Usage{100, 20, 4096};
  node.tell(SupervisorStatus{step0, StepPhase::ended, "sock", {}, result});
  node.tell(StepAck{origin, step0});
  node.tell(PrepareStep{origin, step1});
  result.usage = Usage{1, 2, 8192};
  node.status(step1, StepPhase::prepared);
  node.tell(SupervisorStatus{step1, StepPhase::ended, "sock", {}, result});
  node.tell(StepAck{origin, step1});
  node.tell(Close{origin, job1, EndCause::finished});
  const auto closed = all<ReportClosed>(node.tell(ContainerRemoved{job1, Usage{}}));
  ASSERT_EQ(closed.size(), 1U);
  EXPECT_EQ(closed[0].usage, (Usage{101, 22, 8192}));
}

TEST(Agent, processes_that_survive_are_told_once_and_again_in_each_session) {
  Node node;
  node.run_batch();
  node.tell(Close{origin, job1, EndCause::cancelled});
  const AgentEffects told = node.tell(ContainerBusy{job1, 1, "pid 7 (dd) in state D"});
  ASSERT_EQ(all<ReportStuck>(told).size(), 1U);
  EXPECT_EQ(all<ReportStuck>(told)[0].why, "pid 7 (dd) in state D");
  EXPECT_TRUE(node.tell(ContainerBusy{job1, 1, "pid 7 (dd) in state D"}).empty());
  EXPECT_TRUE(has<ReportStuck>(node.tell(ContainerBusy{job1, 2, "pid 7 and 8"})));
  node.tell(Disconnected{});
  const AgentEffects again = node.tell(Registered{{Epoch{2}, Session{8}}, seconds(30)});
  ASSERT_TRUE(has<ReportStuck>(again));
  EXPECT_EQ(all<ReportStuck>(again)[0].processes, 2U);
}

TEST(Agent, a_stuck_attempt_closes_by_itself_once_its_process_is_gone) {
  Node node;
  node.run_batch();
  node.tell(Close{origin, job1, EndCause::cancelled});
  node.tell(ContainerBusy{job1, 1, "pid 7 (dd) in state D"});
  EXPECT_TRUE(has<RemoveContainer>(node.status(batch1, StepPhase::ended)));
  node.tell(ContainerBusy{job1, 1, "pid 7 (dd) in state D"});
  EXPECT_TRUE(has<RemoveContainer>(node.tell(SecondPassed{}))) << "tried again each second";
  const AgentEffects closed = node.tell(ContainerRemoved{job1, Usage{}});
  EXPECT_TRUE(has<ReportClosed>(closed));
  EXPECT_FALSE(has<ReportStuck>(closed));
}

}  // namespace
}  // namespace cox::agent
