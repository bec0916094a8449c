// How a controller shuts down in a fake world: what it refuses, keeps, puts back and waits for.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "ctld/controller.h"
#include "ctld/fake_requests.h"
#include "ctld/fake_world.h"
#include "ctld/translate/controller_message.h"

namespace cox::ctld {
namespace {

wire::ClientRequest stop_and_keep(bool force) {
  wire::ClientRequest request;
  request.mutable_shutdown()->set_keep_queue(true);
  request.mutable_shutdown()->set_force(force);
  return request;
}

TEST(Controller, a_shutdown_is_refused_while_jobs_wait_unless_forced) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(root);
  world.say(client, submit_script());
  world.heard(client);
  wire::ClientRequest request;
  request.mutable_shutdown();
  world.say(client, request);
  EXPECT_EQ(world.heard(client)[0].error().message(), "1 job waits or runs");
  EXPECT_FALSE(world.controller().wants_exit());
  request.mutable_shutdown()->set_force(true);
  world.say(client, request);
  EXPECT_TRUE(world.heard(client)[0].has_done());
  EXPECT_TRUE(world.controller().wants_exit());
}

TEST(Controller, a_shutdown_that_keeps_the_queue_leaves_what_waits_to_the_next) {
  MemoryStore store;
  {
    FakeWorld world(store);
    const ClientId client = world.connect(root);
    world.say(client, submit_script());
    world.heard(client);
    world.say(client, stop_and_keep(false));
    EXPECT_TRUE(world.heard(client)[0].has_done());
    EXPECT_TRUE(world.controller().wants_exit());
    world.join("n1");  // too late for it to be used
    EXPECT_EQ(world.state().find_job(JobId(1))->phase, JobPhase::pending);
    world.say(client, submit_script());
    EXPECT_EQ(world.heard(client)[0].error().message(), "the controller is shutting down");
  }
  FakeWorld next(store);
  ASSERT_NE(next.state().find_job(JobId(1)), nullptr);
  next.join("n1");
  EXPECT_EQ(next.state().find_job(JobId(1))->phase, JobPhase::running);
}

TEST(Controller, a_shutdown_that_keeps_the_queue_cannot_keep_a_job_whose_client_will_be_gone) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId waiting = world.connect(ada);
  world.say(waiting, submit_run());
  ASSERT_EQ(world.state().find_job(JobId(1))->phase, JobPhase::pending);
  const ClientId client = world.connect(root);
  world.say(client, stop_and_keep(false));
  EXPECT_EQ(world.heard(client)[0].error().message(), "1 interactive job waits");
  world.say(client, stop_and_keep(true));
  EXPECT_TRUE(world.controller().wants_exit());
  EXPECT_EQ(world.state().find_job(JobId(1))->run->final_state, JobState::cancelled);
}

TEST(Controller, a_shutdown_that_keeps_the_queue_puts_what_runs_back_only_when_forced) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  const ClientId client = world.connect(root);
  world.say(client, submit_script());
  wire::ClientRequest once = submit_script();
  once.mutable_submit()->set_key_low(99);
  once.mutable_submit()->mutable_request()->set_requeue(false);
  world.say(client, once);
  world.heard(client);
  ASSERT_EQ(world.state().find_job(JobId(2))->phase, JobPhase::running);
  world.say(client, stop_and_keep(false));
  EXPECT_EQ(world.heard(client)[0].error().message(), "2 jobs run");
  EXPECT_FALSE(world.controller().wants_exit());
  world.say(client, stop_and_keep(true));
  EXPECT_FALSE(world.controller().wants_exit());
  for (const std::uint64_t job : {1, 2}) {
    wire::NodeMessage message;
    message.mutable_closed()->set_job(job);
    message.mutable_closed()->set_attempt(1);
    world.say(node, message);
  }
  world.pass(seconds(1));
  EXPECT_TRUE(world.controller().wants_exit());
  EXPECT_EQ(world.state().find_job(JobId(1))->phase, JobPhase::pending);
  EXPECT_EQ(world.state().find_job(JobId(2))->run->final_state, JobState::cancelled);
}

TEST(Controller, a_forced_shutdown_does_not_wait_for_ever_for_a_node) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1");
  const ClientId client = world.connect(root);
  world.say(client, submit_script());
  world.heard(client);
  wire::ClientRequest request;
  request.mutable_shutdown()->set_force(true);
  world.say(client, request);
  EXPECT_FALSE(world.controller().wants_exit());
  world.pass(seconds(11));
  EXPECT_TRUE(world.controller().wants_exit());
}

// The content is stored with the change, and is there for the start also after a restart.

}  // namespace
}  // namespace cox::ctld
