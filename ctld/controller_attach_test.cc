// Clients that are attached to their run: where its step listens, also for one who missed it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ctld/controller.h"
#include "ctld/fake_requests.h"
#include "ctld/fake_world.h"

namespace cox::ctld {
namespace {

TEST(Controller, an_attached_client_learns_where_its_step_listens) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  const ClientId client = world.connect(ada);
  world.say(client, submit_run());
  world.heard(client);
  world.say(node, prepared(1, "/run/steps/1.1.0"));
  const auto replies = world.heard(client);
  ASSERT_FALSE(replies.empty());
  const wire::StepReady& ready = replies[0].step_ready();
  EXPECT_EQ(ready.endpoint(), "/run/steps/1.1.0");
  EXPECT_EQ(ready.key(), step_key(std::string(32, 'k'), {JobId(1), Attempt(1), StepId(0)}));
  EXPECT_FALSE(replies[0].last());
}

TEST(Controller, an_attached_client_learns_of_a_step_that_ends_in_the_same_turn) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  const ClientId client = world.connect(ada);
  world.say(client, submit_run());
  world.heard(client);
  wire::NodeMessage ended;
  wire::put(StepKey{JobId(1), Attempt(1), StepId(0)}, ended.mutable_step_ended()->mutable_step());
  wire::put(StepResult{}, ended.mutable_step_ended()->mutable_result());
  world.turn([&] {
    world.controller().node_said(node, prepared(1, "/run/steps/1.1.0"));
    world.controller().node_said(node, ended);
  });
  const auto replies = world.heard(client);
  ASSERT_FALSE(replies.empty());
  EXPECT_EQ(replies[0].step_ready().endpoint(), "/run/steps/1.1.0");
}

/// A node that registers with the first attempt of job 1, whose step 0 has ended there.
wire::NodeMessage registered_with_ended_step(const std::string& endpoint, EndCause cause) {
  wire::NodeMessage message;
  wire::Register& ask = *message.mutable_register_();
  wire::put(FakeWorld::inventory("n1", 4), ask.mutable_inventory());
  wire::HeldAttempt& held = *ask.add_held();
  held.set_job(1);
  held.set_attempt(1);
  held.set_prepared(true);
  wire::HeldStep& step = *held.add_steps();
  step.set_phase(static_cast<std::uint32_t>(core::StepPhase::ended));
  step.set_endpoint(endpoint);
  StepResult result;
  result.cause = cause;
  wire::put(result, step.mutable_result());
  return message;
}

wire::ClientRequest submit_run_with_key() {
  wire::ClientRequest request = submit_run();
  request.mutable_submit()->set_key_high(7);
  request.mutable_submit()->set_key_low(8);
  return request;
}

/// What a client hears that sends its run again to a new controller, after the step and the job
/// have ended; `wait`: before it does so.
std::vector<wire::ClientReply> heard_after_restart(EndCause cause, Duration wait) {
  MemoryStore store;
  {
    FakeWorld world(store);
    world.join("n1");
    world.say(world.connect(ada), submit_run_with_key());
  }
  FakeWorld world(store);
  const Session node(1);
  world.turn([&] { world.controller().node_opened(node, "n1"); });
  world.say(node, registered_with_ended_step("/run/steps/1.1.0", cause));
  world.say(node, closed(1, 0));
  EXPECT_EQ(world.state().find_job(JobId(1))->phase, JobPhase::ended);
  world.pass(wait);
  const ClientId client = world.connect(ada);
  world.say(client, submit_run_with_key());
  return world.heard(client);
}

TEST(Controller, a_client_that_missed_all_of_its_step_still_learns_where_it_listens) {
  const auto replies = heard_after_restart(EndCause::finished, seconds(60));
  ASSERT_GE(replies.size(), 2U);
  EXPECT_EQ(replies[0].submitted().job(), 1U);
  const auto ready = std::ranges::find_if(replies, &wire::ClientReply::has_step_ready);
  ASSERT_NE(ready, replies.end());
  EXPECT_EQ(ready->step_ready().endpoint(), "/run/steps/1.1.0");
  EXPECT_EQ(ready->step_ready().tasks(), 1U);
  EXPECT_TRUE(replies.back().last());
  EXPECT_TRUE(replies.back().event().job().is_final());
}

TEST(Controller, a_client_is_not_sent_to_a_supervisor_that_is_gone) {
  for (const auto& replies : {heard_after_restart(EndCause::supervisor_lost, seconds(2)),
                              heard_after_restart(EndCause::finished, seconds(70))}) {
    EXPECT_TRUE(std::ranges::none_of(replies, &wire::ClientReply::has_step_ready));
    ASSERT_FALSE(replies.empty());
    EXPECT_TRUE(replies.back().last());
  }
}

TEST(Controller, a_waiting_interactive_job_goes_with_its_client) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  world.say(client, submit_run());
  world.turn([&] { world.controller().client_closed(client); });
  const core::Job* job = world.state().find_job(JobId(1));
  ASSERT_NE(job, nullptr);
  EXPECT_EQ(job->phase, JobPhase::ended);
  EXPECT_EQ(job->run->final_state, JobState::cancelled);
}

}  // namespace
}  // namespace cox::ctld
