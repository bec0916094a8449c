// `cox config` in a fake world: plan changes nothing, apply everything or nothing, and what the
// journal has outlives files and restarts.
#include <gtest/gtest.h>

#include "ctld/fake_requests.h"
#include "ctld/fake_world.h"

namespace cox::ctld {
namespace {

using wire::ConfigAction;

constexpr const char* two_partitions =
    "[scheduling]\nkill_wait = '5s'\n"
    "[[partition]]\nname = 'batch'\n[[partition]]\nname = 'debug'\nmax_time = '30'\n";

wire::ClientRequest action(ConfigAction::Kind kind, const std::string& text = {}) {
  wire::ClientRequest made;
  made.set_number(1);
  ConfigAction& config = *made.mutable_config_action();
  config.set_kind(kind);
  config.set_text(text);
  config.set_name("cox.toml");
  config.set_why("a test");
  return made;
}

wire::ClientReply ask(FakeWorld& world, const Caller& caller, const wire::ClientRequest& request) {
  const ClientId client = world.connect(caller);
  world.say(client, request);
  const auto replies = world.heard(client);
  EXPECT_EQ(replies.size(), 1U);
  return replies.empty() ? wire::ClientReply{} : replies.back();
}

wire::ConfigReply done(FakeWorld& world, const wire::ClientRequest& request) {
  const wire::ClientReply reply = ask(world, root, request);
  EXPECT_EQ(reply.error().message(), "");
  return reply.config();
}

std::string refusal(FakeWorld& world, const wire::ClientRequest& request) {
  return ask(world, root, request).error().message();
}

TEST(ConfigDesk, plan_tells_and_changes_nothing) {
  MemoryStore store;
  FakeWorld world(store);
  const auto reply = done(world, action(ConfigAction::PLAN, two_partitions));
  ASSERT_EQ(reply.changes_size(), 2);
  EXPECT_EQ(reply.changes(0).table(), "scheduling");
  EXPECT_EQ(reply.changes(0).key(), "kill_wait");
  EXPECT_EQ(reply.changes(0).from(), "\"30s\"");
  EXPECT_EQ(reply.changes(0).to(), "\"5s\"");
  EXPECT_EQ(reply.changes(1).table(), "partition debug");
  EXPECT_EQ(reply.revision(), 1U);
  EXPECT_EQ(world.state().record.settings, Settings{});
}

TEST(ConfigDesk, plan_names_the_jobs_that_keep_what_they_have) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1", 2);
  const ClientId user = world.connect(ada);
  world.say(user, submit_script(1));
  const auto reply = done(
      world, action(ConfigAction::PLAN, "[[partition]]\nname = 'batch'\nshare = 'timeslice'\n"));
  ASSERT_EQ(reply.lasting_size(), 1);
  EXPECT_EQ(reply.lasting(0).count(), 1U);
  EXPECT_EQ(reply.lasting(0).jobs(0), 1U);
  EXPECT_EQ(reply.lasting(0).why(),
            "no turns on their nodes in partition batch before they have ended");
  EXPECT_EQ(reply.stranded_size(), 0);
}

TEST(ConfigDesk, apply_is_all_or_nothing_and_outlives_a_restart) {
  MemoryStore store;
  {
    FakeWorld world(store);
    EXPECT_EQ(refusal(world, action(ConfigAction::APPLY, std::string(two_partitions) + "x = 1\n")),
              "cox.toml:8:1: partition.x: unknown key");
    EXPECT_EQ(world.state().record.settings, Settings{});
    EXPECT_EQ(done(world, action(ConfigAction::APPLY, two_partitions)).revision(), 2U);
  }
  // The next start brings a file with the defaults: the journal's configuration stays.
  FakeWorld again(store);
  EXPECT_EQ(again.state().record.settings.partitions.size(), 2U);
  EXPECT_EQ(again.state().record.settings.kill_wait, seconds(5));
  const auto history = done(again, action(ConfigAction::HISTORY));
  ASSERT_EQ(history.revisions_size(), 2);
  EXPECT_EQ(history.revisions(0).revision(), 2U);
  EXPECT_EQ(history.revisions(0).who(), "user0");
  EXPECT_EQ(history.revisions(0).why(), "a test");
  EXPECT_EQ(history.revisions(0).changes_size(), 2);
  EXPECT_EQ(history.revisions(1).who(), "coxctld");
  EXPECT_EQ(history.revisions(1).why(), "the first start");
}

TEST(ConfigDesk, nodes_hear_of_terms_that_changed) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  static_cast<void>(world.heard(node));
  done(world, action(ConfigAction::APPLY, "[scheduling]\nkill_wait = '5s'\nfence = 'self'\n"));
  const auto messages = world.heard(node);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].terms().kill_wait_us(), seconds(5).us);
  EXPECT_EQ(messages[0].terms().silent_after_us(), seconds(5).us);
  EXPECT_GT(messages[0].terms().fence_after_us(), 0);
  EXPECT_EQ(messages[0].session(), node.value);
}

TEST(ConfigDesk, what_a_start_alone_can_change_waits_for_one) {
  MemoryStore store;
  FakeWorld world(store);
  const auto reply = done(
      world,
      action(ConfigAction::APPLY,
             "[cluster]\nname = 'other'\ncontroller = 'ctl2'\n[history]\njobs_in_memory = 5\n"));
  EXPECT_EQ(world.state().record.settings.cluster, "coxswain");
  EXPECT_EQ(world.state().record.settings.history_jobs, 5U);
  ASSERT_EQ(reply.at_start_size(), 2);
  EXPECT_EQ(reply.at_start(0).key(), "name");
  EXPECT_EQ(reply.at_start(1).key(), "controller");
  EXPECT_EQ(reply.at_start(1).to(), "ctl2");
}

TEST(ConfigDesk, what_it_shows_can_be_applied_and_changes_nothing) {
  MemoryStore store;
  FakeWorld world(store);
  done(world, action(ConfigAction::APPLY, two_partitions));
  const auto shown = done(world, action(ConfigAction::SHOW));
  EXPECT_EQ(shown.revision(), 2U);
  EXPECT_EQ(shown.settings().partitions_size(), 2);
  const auto applied = done(world, action(ConfigAction::APPLY, shown.text()));
  EXPECT_EQ(applied.changes_size(), 0);
  EXPECT_EQ(applied.revision(), 2U);
}

TEST(ConfigDesk, rollback_brings_back_what_was) {
  MemoryStore store;
  FakeWorld world(store);
  done(world, action(ConfigAction::APPLY, two_partitions));
  EXPECT_EQ(done(world, action(ConfigAction::ROLLBACK)).changes_size(), 2);
  EXPECT_EQ(world.state().record.settings, Settings{});
  wire::ClientRequest request = action(ConfigAction::ROLLBACK);
  request.mutable_config_action()->set_revision(9);
  EXPECT_EQ(refusal(world, request), "no revision 9 (kept: 1 to 3)");
}

TEST(ConfigDesk, rollback_says_for_whom_it_is_as_plan_does) {
  constexpr const char* roomy =
      "[[node]]\nnames = 'n[1-2]'\n[[partition]]\nname = 'batch'\nnodes = 'n[1-2]'\n";
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1", 2);
  world.join("n2", 2);
  done(world, action(ConfigAction::APPLY,
                     "[[node]]\nnames = 'n1'\n[[node]]\nnames = 'n2'\nexpect = { cores = 4 }\n"
                     "[[partition]]\nname = 'batch'\nnodes = 'n1'\nmax_time = '30'\n"));
  done(world, action(ConfigAction::APPLY, roomy));
  wire::ClientRequest held = submit_script();
  held.mutable_submit()->mutable_request()->set_held(true);
  held.mutable_submit()->mutable_request()->set_time_limit_us(minutes(60).us);
  ASSERT_EQ(ask(world, ada, held).submitted().job(), 1U);
  const auto reply = done(world, action(ConfigAction::ROLLBACK));
  EXPECT_EQ(reply.revision(), 4U);
  ASSERT_EQ(reply.moves_size(), 1);
  EXPECT_EQ(reply.moves(0).nodes(), "n2");
  EXPECT_EQ(reply.moves(0).from(), "batch");
  EXPECT_EQ(reply.moves(0).to(), "");
  ASSERT_EQ(reply.shorts_size(), 1);
  EXPECT_EQ(reply.shorts(0).node(), "n2");
  ASSERT_EQ(reply.stranded_size(), 1);
  EXPECT_EQ(reply.stranded(0).user(), "user1001");
  EXPECT_EQ(reply.stranded(0).jobs(0), 1U);
}

TEST(ConfigDesk, is_for_administrators_but_for_show) {
  MemoryStore store;
  FakeWorld world(store);
  for (const auto kind : {ConfigAction::CHECK, ConfigAction::PLAN, ConfigAction::APPLY,
                          ConfigAction::HISTORY, ConfigAction::ROLLBACK}) {
    const auto error = ask(world, ada, action(kind)).error();
    EXPECT_EQ(error.code(), static_cast<std::uint32_t>(Code::not_permitted));
    EXPECT_TRUE(error.message().ends_with(" needs an administrator, not user1001"));
  }
  EXPECT_EQ(ask(world, ada, action(ConfigAction::SHOW)).error().message(), "");
}

TEST(ConfigDesk, roles_count_from_the_next_request_on) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1");
  const ClientId client = world.connect(ada);
  wire::ClientRequest drain;
  drain.mutable_node_action()->set_kind(wire::NodeAction::DRAIN);
  drain.mutable_node_action()->set_names("n1");
  drain.mutable_node_action()->set_why("fan");
  const auto errors = [&] {
    world.say(client, drain);
    return world.heard(client).back().done().errors_size();
  };
  EXPECT_EQ(errors(), 1);
  done(world, action(ConfigAction::APPLY, "[cluster]\noperators = [1001]\n"));
  EXPECT_EQ(errors(), 0);
  EXPECT_EQ(world.state().record.nodes[0].aside_who, "user1001");
  done(world, action(ConfigAction::APPLY, "[cluster]\nread_only = [1001]\n"));
  drain.mutable_node_action()->set_why("another");
  EXPECT_EQ(errors(), 1);
  world.say(client, submit_script());
  EXPECT_EQ(world.heard(client).back().error().message(), "user1001 may only read");
}

TEST(ConfigDesk, a_node_that_is_taken_out_leaves_the_list_when_it_is_away) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1");
  const Session second = world.join("n2");
  wire::ClientRequest list;
  list.mutable_list_nodes();
  const auto count = [&] { return ask(world, ada, list).nodes().nodes_size(); };
  done(world, action(ConfigAction::APPLY, "[[node]]\nnames = 'n1'\n"));
  EXPECT_EQ(count(), 2);
  EXPECT_EQ(ask(world, ada, list).nodes().nodes(1).reason(), "in no [[node]] of the configuration");
  world.turn([&] { world.controller().node_closed(second); });
  EXPECT_EQ(count(), 1);
  list.mutable_list_nodes()->set_names("n2");
  EXPECT_EQ(count(), 1);
}

TEST(ConfigDesk, hostile_actions_are_refused) {
  MemoryStore store;
  FakeWorld world(store);
  wire::ClientRequest request = action(ConfigAction::APPLY);
  request.mutable_config_action()->set_why(std::string("a\0b", 3));
  EXPECT_EQ(refusal(world, request), "the reason holds a NUL byte");
  request.mutable_config_action()->set_why(std::string(5000, 'x'));
  EXPECT_EQ(refusal(world, request), "the reason is too long");
  request = action(ConfigAction::APPLY, std::string(config::file_bytes_max + 1, '#'));
  EXPECT_EQ(refusal(world, request), "cox.toml: longer than 4194304 bytes");
  request = action(ConfigAction::NONE);
  EXPECT_EQ(refusal(world, request), "config action 0 is not known");
}

TEST(ConfigDesk, plan_calls_elements_as_people_do_and_names_whose_account_goes) {
  constexpr const char* with_accounts =
      "[[account]]\nname = \"astro\"\n[[account]]\nname = \"physics\"\n";
  MemoryStore store;
  FakeWorld world(store);
  done(world, action(ConfigAction::APPLY, with_accounts));
  wire::ClientRequest array = submit_script();
  wire::put(parse_array("0-2").value(), array.mutable_submit()->mutable_request()->mutable_array());
  array.mutable_submit()->mutable_request()->set_account("physics");
  ask(world, ada, array);
  wire::ClientRequest hold;
  hold.mutable_job_action()->set_kind(wire::JobAction::HOLD);
  auto* some = hold.mutable_job_action()->add_elements();
  some->set_array(1);
  wire::put(single_element(1), some->mutable_elements());
  EXPECT_EQ(ask(world, ada, hold).done().count(), 1U);
  const auto plan = done(world, action(ConfigAction::PLAN, "[[account]]\nname = \"astro\"\n"));
  EXPECT_EQ(plan.stranded_size(), 0);
  ASSERT_EQ(plan.orphaned_size(), 1);
  EXPECT_EQ(plan.orphaned(0).user(), "user1001");
  EXPECT_EQ(plan.orphaned(0).count(), 2U);
  ASSERT_EQ(plan.orphaned(0).names_size(), 2);
  EXPECT_EQ(plan.orphaned(0).names(0), "1");
  EXPECT_EQ(plan.orphaned(0).names(1), "1_1");
}

TEST(ConfigDesk, who_resumes_a_node_hears_why_it_takes_no_work_all_the_same) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1", 2);
  world.join("n2", 2);
  done(world,
       action(ConfigAction::APPLY,
              "[[node]]\nnames = \"n1\"\nexpect = { cores = 4 }\n[[node]]\nnames = \"n2\"\n"));
  wire::ClientRequest resume;
  resume.mutable_node_action()->set_kind(wire::NodeAction::RESUME);
  resume.mutable_node_action()->set_names("n[1-2]");
  const auto reply = ask(world, root, resume);
  EXPECT_EQ(reply.done().count(), 2U);
  EXPECT_EQ(reply.notice(),
            "node n1 still takes no work: it is short: it reports 2 cores of 4 expected");
  resume.mutable_node_action()->set_names("n2");
  EXPECT_EQ(ask(world, root, resume).notice(), "");
}

}  // namespace
}  // namespace cox::ctld
