// Allocations of cox alloc: given back by it, and ended when it is gone.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/job/lifecycle.h"
#include "ctld/controller.h"
#include "ctld/fake_requests.h"
#include "ctld/fake_world.h"

namespace cox::ctld {
namespace {

wire::ClientRequest submit_allocation(bool ends_with_client = true) {
  JobRequest request;
  request.common.edit().kind = JobKind::interactive;
  request.common.edit().directory = "/home/u";
  request.common.edit().components = {Component{}};
  request.common.edit().ends_with_client = ends_with_client;
  wire::ClientRequest made;
  request.time_limit = duration_unlimited;
  made.set_number(1);
  wire::put(request, made.mutable_submit()->mutable_request());
  made.mutable_submit()->set_key_high(7);
  made.mutable_submit()->set_key_low(8);
  made.mutable_submit()->set_attach(true);
  return made;
}

wire::ClientRequest finish(std::uint64_t job) {
  wire::ClientRequest made;
  made.set_number(2);
  made.mutable_job_action()->set_kind(wire::JobAction::FINISH);
  made.mutable_job_action()->add_jobs(job);
  return made;
}

/// One that runs, with the client that is attached to it.
struct Allocated {
  explicit Allocated(MemoryStore& store, bool ends_with_client = true)
      : world(store), node(world.join("n1")), client(world.connect(ada)) {
    world.say(client, submit_allocation(ends_with_client));
    world.say(node, prepared(1));
    world.heard(client);
  }

  void close() {
    world.turn([this] { world.controller().client_closed(client); });
  }

  void seconds_pass(int count) {
    for (int i = 0; i < count; ++i) world.pass(seconds(1));
  }

  const core::Job& job() { return *world.state().find_job(JobId(1)); }

  FakeWorld world;
  Session node;
  ClientId client;
};

TEST(Allocations, one_that_is_given_back_has_completed) {
  MemoryStore store;
  Allocated one(store);
  ASSERT_EQ(one.job().phase, JobPhase::running);
  one.world.say(one.client, finish(1));
  EXPECT_EQ(one.job().phase, JobPhase::ending);
  EXPECT_EQ(one.job().run->cause, EndCause::finished);
  wire::NodeMessage closed;
  closed.mutable_closed()->set_job(1);
  closed.mutable_closed()->set_attempt(1);
  one.world.say(one.node, closed);
  EXPECT_EQ(one.job().run->final_state, JobState::completed);
  const auto replies = one.world.heard(one.client);
  ASSERT_FALSE(replies.empty());
  EXPECT_TRUE(replies.back().event().job().is_final());
  EXPECT_EQ(replies.back().event().job().state(), "COMPLETED");
}

TEST(Allocations, a_job_with_tasks_of_its_own_cannot_be_given_back) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  world.say(client, submit_script());
  world.say(client, finish(1));
  const auto replies = world.heard(client);
  ASSERT_FALSE(replies.empty());
  ASSERT_EQ(replies.back().done().errors_size(), 1);
  EXPECT_EQ(replies.back().done().errors(0).error().message(),
            "job 1 is no allocation: it ends with its tasks (see: cox cancel 1)");
}

TEST(Allocations, one_whose_command_is_gone_ends_after_a_minute) {
  MemoryStore store;
  Allocated one(store);
  one.close();
  one.seconds_pass(59);
  EXPECT_EQ(one.job().phase, JobPhase::running);
  one.seconds_pass(3);
  EXPECT_EQ(one.job().phase, JobPhase::ending);
  EXPECT_EQ(one.job().run->cause, EndCause::client_gone);
  EXPECT_EQ(one.job().run->why, "the command that had asked for it is gone");
}

TEST(Allocations, one_whose_command_comes_back_goes_on) {
  MemoryStore store;
  Allocated one(store);
  one.close();
  one.seconds_pass(50);
  const ClientId again = one.world.connect(ada);
  one.world.say(again, submit_allocation());
  one.seconds_pass(100);
  EXPECT_EQ(one.job().phase, JobPhase::running);
  one.world.turn([&] { one.world.controller().client_closed(again); });
  one.seconds_pass(50);
  EXPECT_EQ(one.job().phase, JobPhase::running) << "it has a minute again";
}

TEST(Allocations, one_without_a_shell_stays) {
  MemoryStore store;
  Allocated one(store, false);
  one.close();
  one.seconds_pass(200);
  EXPECT_EQ(one.job().phase, JobPhase::running);
}

TEST(Allocations, a_new_controller_waits_for_the_commands_of_those_it_finds) {
  MemoryStore store;
  { Allocated one(store); }
  FakeWorld world(store);
  for (int i = 0; i < 59; ++i) world.pass(seconds(1));
  ASSERT_EQ(world.state().find_job(JobId(1))->phase, JobPhase::running);
  const ClientId client = world.connect(ada);
  world.say(client, submit_allocation());
  for (int i = 0; i < 100; ++i) world.pass(seconds(1));
  EXPECT_EQ(world.state().find_job(JobId(1))->phase, JobPhase::running);
  world.turn([&] { world.controller().client_closed(client); });
  for (int i = 0; i < 62; ++i) world.pass(seconds(1));
  EXPECT_EQ(world.state().find_job(JobId(1))->run->cause, EndCause::client_gone);
}

// An interactive job was ended as inactive because the controller itself was slow.
TEST(Trap30, an_allocation_is_not_ended_because_the_controller_was_slow) {
  MemoryStore store;
  Allocated one(store);
  wire::NodeMessage alive;
  alive.mutable_heartbeat();
  const auto slow_seconds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      one.world.pass(seconds(200));
      one.world.say(one.node, alive);
    }
  };
  // Its command says nothing for days, and the controller looks at the clock every 200 s.
  slow_seconds(500);
  EXPECT_EQ(one.job().phase, JobPhase::running);
  one.close();
  slow_seconds(30);
  EXPECT_EQ(one.job().phase, JobPhase::running) << "it had 30 s to come back, as it was served";
}

}  // namespace
}  // namespace cox::ctld
