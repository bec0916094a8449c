// Clients whose steps wait for other steps of their job.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/job/lifecycle.h"
#include "ctld/controller.h"
#include "ctld/fake_requests.h"
#include "ctld/fake_world.h"

namespace cox::ctld {
namespace {

wire::ClientRequest step_of(std::uint64_t job, std::uint64_t key, StepSharing sharing) {
  StepRequest request;
  request.argv = {"hostname"};
  request.sharing = sharing;
  wire::ClientRequest made;
  made.set_number(key);
  wire::CreateStep* create = made.mutable_create_step();
  create->set_job(job);
  create->set_key_high(key);
  create->set_key_low(1);
  create->add_environment("A=" + std::to_string(key));
  wire::put(request, create->mutable_request());
  return made;
}

wire::NodeMessage step_ended(std::uint32_t step) {
  wire::NodeMessage message;
  wire::put(StepKey{JobId(1), Attempt(1), StepId(step)},
            message.mutable_step_ended()->mutable_step());
  wire::put(StepResult{}, message.mutable_step_ended()->mutable_result());
  return message;
}

wire::NodeMessage step_prepared(std::uint32_t step, const std::string& endpoint) {
  wire::NodeMessage message;
  wire::put(StepKey{JobId(1), Attempt(1), StepId(step)},
            message.mutable_step_prepared()->mutable_step());
  message.mutable_step_prepared()->set_endpoint(endpoint);
  return message;
}

/// A job that runs, with a step that has all of it.
struct BusyJob {
  explicit BusyJob(MemoryStore& store) : world(store), node(world.join("n1")) {
    world.say(world.connect(ada), submit_script());
    world.say(node, prepared(1));
    first = world.connect(ada);
    world.say(first, step_of(1, 11, StepSharing::whole));
    world.say(node, step_prepared(0, "/run/steps/1.1.0"));
    world.heard(node);
  }

  const core::Step& step(std::uint32_t number) {
    return *core::find_step(*world.state().find_job(JobId(1)), StepId(number));
  }

  FakeWorld world;
  Session node;
  ClientId first;
};

TEST(ControllerSteps, a_client_hears_that_its_step_was_taken_and_what_it_waits_for) {
  MemoryStore store;
  BusyJob busy(store);
  const auto begun = busy.world.heard(busy.first);
  ASSERT_EQ(begun.size(), 2U);
  EXPECT_EQ(begun[0].step_taken().step(), 0U);
  EXPECT_EQ(begun[0].step_taken().waits(), "");
  EXPECT_EQ(begun[1].step_ready().endpoint(), "/run/steps/1.1.0");
  const ClientId second = busy.world.connect(ada);
  busy.world.say(second, step_of(1, 12, StepSharing::whole));
  const auto waiting = busy.world.heard(second);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].step_taken().step(), 1U);
  EXPECT_EQ(waiting[0].step_taken().waits(),
            "step of 1 node: 0 of the job's are free of other steps, beside step 1.0");
  EXPECT_FALSE(waiting[0].last());
  busy.world.say(busy.node, step_ended(0));
  const auto told = busy.world.heard(busy.node);
  EXPECT_TRUE(std::ranges::any_of(told, &wire::ControllerMessage::has_prepare_step));
  busy.world.say(busy.node, step_prepared(1, "/run/steps/1.1.1"));
  const auto ready = busy.world.heard(second);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready[0].step_ready().endpoint(), "/run/steps/1.1.1");
}

TEST(ControllerSteps, a_waiting_step_goes_with_its_client_and_no_other_does) {
  MemoryStore store;
  BusyJob busy(store);
  const ClientId second = busy.world.connect(ada), third = busy.world.connect(ada);
  busy.world.say(second, step_of(1, 12, StepSharing::whole));
  busy.world.say(third, step_of(1, 13, StepSharing::whole));
  busy.world.turn([&] { busy.world.controller().client_closed(second); });
  EXPECT_EQ(busy.step(1).result.cause, EndCause::cancelled);
  EXPECT_TRUE(busy.step(2).is_waiting());
  busy.world.turn([&] { busy.world.controller().client_closed(busy.first); });
  EXPECT_FALSE(busy.step(0).is_ended()) << "one that runs ends when its supervisor says so";
}

TEST(ControllerSteps, the_last_word_has_the_step_alone) {
  MemoryStore store;
  BusyJob busy(store);
  const ClientId second = busy.world.connect(ada);
  busy.world.say(second, step_of(1, 12, StepSharing::whole));
  wire::ClientRequest cancel;
  cancel.set_number(1);
  cancel.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  cancel.mutable_job_action()->add_jobs(1);
  cancel.mutable_job_action()->set_step(1);
  cancel.mutable_job_action()->set_has_step(true);
  busy.world.say(busy.world.connect(ada), cancel);
  const auto replies = busy.world.heard(second);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_TRUE(replies[1].last());
  const wire::JobView& job = replies[1].event().job();
  EXPECT_EQ(job.state(), "RUNNING");
  ASSERT_EQ(job.steps_size(), 1);
  EXPECT_EQ(job.steps(0).step(), 1U);
  EXPECT_EQ(job.steps(0).state(), "CANCELLED");
  EXPECT_EQ(job.steps(0).started_us(), 0);
}

TEST(ControllerSteps, a_new_controller_goes_on_with_what_waits_and_has_its_environment) {
  MemoryStore store;
  {
    BusyJob busy(store);
    busy.world.say(busy.world.connect(ada), step_of(1, 12, StepSharing::whole));
  }
  FakeWorld world(store);
  const core::Job& job = *world.state().find_job(JobId(1));
  ASSERT_TRUE(core::find_step(job, StepId(1))->is_waiting());
  const ClientId client = world.connect(ada);
  world.say(client, step_of(1, 12, StepSharing::whole));
  const auto again = world.heard(client);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].step_taken().step(), 1U);
  EXPECT_NE(again[0].step_taken().waits(), "");
  const Session node(1);
  world.turn([&] { world.controller().node_opened(node, "n1"); });
  wire::NodeMessage message;
  wire::Register& ask = *message.mutable_register_();
  wire::put(FakeWorld::inventory("n1", 4), ask.mutable_inventory());
  wire::HeldAttempt& held = *ask.add_held();
  held.set_job(1);
  held.set_attempt(1);
  held.set_prepared(true);
  wire::HeldStep& batch = *held.add_steps();
  batch.set_step(step_batch.value);
  batch.set_phase(static_cast<std::uint32_t>(core::StepPhase::running));
  wire::HeldStep& step = *held.add_steps();
  step.set_step(0);
  step.set_phase(static_cast<std::uint32_t>(core::StepPhase::ended));
  wire::put(StepResult{}, step.mutable_result());
  world.say(node, message);
  const auto told = world.heard(node);
  const auto prepare = std::ranges::find_if(told, &wire::ControllerMessage::has_prepare_step);
  ASSERT_NE(prepare, told.end());
  EXPECT_EQ(prepare->prepare_step().key().step(), 1U);
  EXPECT_EQ(prepare->prepare_step().spec().environment(), std::string("A=12\0", 5));
}

TEST(ControllerSteps, a_node_is_told_what_an_exact_step_may_use) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  world.say(world.connect(ada), submit_script());
  world.say(node, prepared(1));
  world.say(world.connect(ada), step_of(1, 11, StepSharing::exact));
  world.say(world.connect(ada), step_of(1, 12, StepSharing::overlap));
  std::vector<wire::PrepareStep> steps;
  for (const wire::ControllerMessage& message : world.heard(node)) {
    if (message.has_prepare_step()) steps.push_back(message.prepare_step());
  }
  ASSERT_EQ(steps.size(), 2U);
  const auto part = wire::take(steps[0].spec().part());
  ASSERT_TRUE(part);
  EXPECT_EQ(part->cores.to_ranges(), "0");
  EXPECT_FALSE(steps[1].spec().has_part()) << "all of the job's";
}

}  // namespace
}  // namespace cox::ctld
