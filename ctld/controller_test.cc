// The controller in a fake world: what leaves when, what survives, who may do what.
#include "ctld/controller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "ctld/fake_requests.h"
#include "ctld/fake_world.h"
#include "ctld/translate/controller_message.h"

namespace cox::ctld {
namespace {

TEST(Controller, a_reply_leaves_only_after_its_fact_is_committed) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  world.hold_commits = true;
  world.say(client, submit_script());
  EXPECT_TRUE(world.heard(client).empty());
  world.commit();
  const auto replies = world.heard(client);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].submitted().job(), 1U);
  EXPECT_TRUE(replies[0].last());
}

TEST(Controller, a_waiting_run_hears_once_why_it_waits) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1", 1);
  const ClientId first = world.connect(ada);
  world.say(first, submit_run());
  const ClientId second = world.connect(ada);
  world.say(second, submit_run());
  for (const wire::ClientReply& reply : world.heard(second)) {
    EXPECT_FALSE(reply.has_event()) << "told at once: " << reply.event().job().reason();
  }
  std::vector<std::string> reasons;
  world.pass(seconds(2));
  EXPECT_TRUE(world.heard(second).empty());
  for (int i = 0; i < 2; ++i) {  // any longer, and the node is silent
    world.pass(seconds(1));
    for (const wire::ClientReply& reply : world.heard(second)) {
      reasons.push_back(reply.event().job().reason());
    }
  }
  EXPECT_EQ(reasons, std::vector<std::string>{"Resources"});
  EXPECT_FALSE(world.is_dropped(node));
}

TEST(Controller, that_stood_still_for_long_takes_nobody_for_lost) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1", 1);
  const Duration lost_after = world.state().record.settings.lost_after;
  world.pass(lost_after + minutes(1));
  EXPECT_FALSE(world.state().record.nodes[0].is_lost);
  for (Duration passed; passed <= lost_after; passed = passed + seconds(1)) world.pass(seconds(1));
  EXPECT_TRUE(world.state().record.nodes[0].is_lost);
}

TEST(Controller, a_dry_run_tells_what_would_become_of_the_job_and_changes_nothing) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1", 1);
  const ClientId client = world.connect(ada);
  wire::ClientRequest request = submit_script();
  request.mutable_submit()->set_dry_run(true);
  world.say(client, request);
  auto replies = world.heard(client);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].submitted().job(), 0U);
  EXPECT_EQ(replies[0].submitted().verdict().nodes(), "n1");
  EXPECT_EQ(world.state().record.next_job, JobId(1));
  world.say(client, submit_script(2));
  request.set_number(3);
  static_cast<void>(world.heard(client));
  world.say(client, request);
  replies = world.heard(client);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].submitted().verdict().nodes(), "");
  EXPECT_EQ(replies[0].submitted().verdict().next_event(), "the end of a running job");
}

TEST(Controller, a_read_does_not_tell_what_is_not_committed_yet) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  world.hold_commits = true;
  world.say(client, submit_script());
  wire::ClientRequest list;
  list.set_number(2);
  list.mutable_list_jobs();
  world.say(client, list);
  EXPECT_TRUE(world.heard(client).empty());
  world.commit();
  EXPECT_EQ(world.heard(client).size(), 2U);
}

TEST(Controller, Trap07_a_launch_leaves_only_after_the_start_is_committed) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  const ClientId client = world.connect(ada);
  world.heard(node);
  world.hold_commits = true;
  world.say(client, submit_script());
  EXPECT_TRUE(world.heard(node).empty());
  world.commit();
  const auto messages = world.heard(node);
  ASSERT_EQ(messages.size(), 1U);
  const wire::Prepare& prepare = messages[0].prepare();
  EXPECT_EQ(messages[0].session(), node.value);
  EXPECT_TRUE(prepare.go_at_once());
  EXPECT_EQ(prepare.initial().script(), "#!/bin/sh\ntrue\n");
  EXPECT_EQ(prepare.initial().environment(), std::string("A=b\0", 4));
  EXPECT_EQ(prepare.initial().key(),
            step_key(std::string(32, 'k'), {JobId(1), Attempt(1), step_batch}));
  EXPECT_EQ(prepare.job_nodes(0), "n1");
}

TEST(Controller, who_waits_for_a_job_hears_of_its_end) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  const ClientId client = world.connect(ada);
  world.say(client, submit_script());
  world.heard(client);
  wire::ClientRequest wait;
  wait.set_number(2);
  wait.mutable_wait_jobs()->add_jobs(1);
  world.say(client, wait);
  EXPECT_TRUE(world.heard(client).empty());
  world.say(node, prepared(1));
  world.say(node, closed(1, 3));
  const auto replies = world.heard(client);
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].event().job().state(), "FAILED");
  EXPECT_EQ(replies[0].event().job().exit_code(), 3);
  EXPECT_TRUE(replies[0].last());
  world.say(client, wait);
  EXPECT_EQ(world.heard(client).size(), 1U) << "a job that has ended answers at once";
}

TEST(Controller, a_restart_knows_every_job_and_its_script) {
  MemoryStore store;
  core::Record before;
  {
    FakeWorld world(store);
    const ClientId client = world.connect(ada);
    world.say(client, submit_script());
    before = world.state().record;
  }
  FakeWorld world(store);
  EXPECT_EQ(world.state().record.jobs, before.jobs);
  EXPECT_EQ(world.state().record.epoch, Epoch(2));
  const Session node = world.join("n1");
  const auto messages = world.heard(node);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].prepare().initial().script(), "#!/bin/sh\ntrue\n");
}

TEST(Controller, a_start_waits_for_its_script_and_what_follows_it_waits_behind_it) {
  MemoryStore store;
  {
    FakeWorld world(store);
    world.say(world.connect(ada), submit_script());
  }
  FakeWorld world(store);
  world.hold_reads = true;
  const Session node = world.join("n1");
  EXPECT_EQ(world.heard(node).size(), 1U) << "the answer to the registration alone";
  EXPECT_EQ(world.reads_held(), 2U);
  const ClientId client = world.connect(ada);
  wire::ClientRequest other = submit_script();
  other.mutable_submit()->set_script("#!/bin/sh\nfalse\n");
  other.mutable_submit()->set_environment(0, "A=c");
  world.say(client, other);
  auto messages = world.heard(node);
  ASSERT_EQ(messages.size(), 1U) << "another job does not wait";
  EXPECT_EQ(messages[0].prepare().job(), 2U);
  wire::ClientRequest cancel;
  cancel.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  cancel.mutable_job_action()->add_jobs(1);
  world.say(client, cancel);
  EXPECT_TRUE(world.heard(node).empty());
  world.answer_reads();
  messages = world.heard(node);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].prepare().initial().script(), "#!/bin/sh\ntrue\n");
  EXPECT_EQ(messages[1].close().job(), 1U);
}

TEST(Controller, a_node_that_comes_back_while_a_script_is_read_is_told_anew) {
  MemoryStore store;
  {
    FakeWorld world(store);
    world.say(world.connect(ada), submit_script());
  }
  FakeWorld world(store);
  world.hold_reads = true;
  world.join("n1");
  const Session again = world.join("n1");
  EXPECT_EQ(world.reads_held(), 2U) << "each content is read once";
  world.heard(again);
  world.answer_reads();
  const auto messages = world.heard(again);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].prepare().attempt(), 2U);
}

TEST(Controller, a_script_that_the_store_lost_fails_its_job_alone) {
  MemoryStore store;
  {
    FakeWorld world(store);
    world.say(world.connect(ada), submit_script());
  }
  store.lose_blobs();
  FakeWorld world(store);
  world.join("n1");
  const core::Job& job = world.state().record.jobs.at(JobId{1});
  EXPECT_NE(job.phase, JobPhase::pending);
  EXPECT_NE(job.run->why.find("is not in the store"), std::string::npos) << job.run->why;
}

TEST(Controller, a_resend_with_the_same_key_is_the_same_job) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  wire::ClientRequest request = submit_script();
  request.mutable_submit()->set_key_low(5);
  world.say(client, request);
  world.say(client, request);
  const auto replies = world.heard(client);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].submitted().job(), replies[1].submitted().job());
  EXPECT_EQ(world.state().record.jobs.size(), 1U);
}

TEST(Controller, variants_of_one_submit_get_an_id_or_an_error_each) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  wire::ClientRequest request;
  wire::SubmitMany& many = *request.mutable_submit_many();
  *many.add_jobs() = submit_script().submit();
  *many.mutable_base() = submit_script().submit();
  for (const std::uint64_t key : {5U, 6U, 5U}) many.add_variants()->set_key_low(key);
  many.mutable_variants(1)->set_script("no interpreter");
  world.say(client, request);
  const auto replies = world.heard(client);
  ASSERT_EQ(replies.size(), 1U);
  const wire::SubmittedMany& answer = replies[0].submitted_many();
  ASSERT_EQ(answer.jobs_size(), 4);
  EXPECT_EQ(answer.jobs(1), 2U);
  EXPECT_EQ(answer.jobs(2), 0U);
  EXPECT_EQ(answer.jobs(3), 2U) << "the same key is the same job";
  ASSERT_EQ(answer.errors_size(), 1);
  EXPECT_EQ(answer.errors(0).name(), "2");
  EXPECT_EQ(world.state().record.jobs.size(), 2U);
}

TEST(Controller, on_a_full_disk_changes_are_refused_and_reads_carry_a_notice) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  world.hold_commits = true;
  world.say(client, submit_script(1));
  world.controller().storage_full(true);
  world.say(client, submit_script(2));
  wire::ClientRequest list;
  list.set_number(3);
  list.mutable_list_jobs();
  world.say(client, list);
  const auto replies = world.heard(client);
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].number(), 2U);
  EXPECT_EQ(replies[0].error().code(), static_cast<std::uint32_t>(Code::storage_full));
  EXPECT_EQ(replies[1].number(), 3U);
  EXPECT_FALSE(replies[1].notice().empty());
  world.controller().storage_full(false);
  world.commit();
  ASSERT_EQ(world.heard(client).size(), 1U) << "the first submit is answered once it lasts";
}

// Else a full disk would end running jobs: nodes give up a controller that does not answer.
TEST(Controller, on_a_full_disk_heartbeats_are_answered) {
  MemoryStore store;
  FakeWorld world(store);
  const Session node = world.join("n1");
  world.heard(node);
  const ClientId client = world.connect(ada);
  world.hold_commits = true;
  world.say(client, submit_script(1));
  world.controller().storage_full(true);
  wire::NodeMessage beat;
  beat.mutable_heartbeat()->set_number(41);
  world.say(node, beat);
  const auto answers = world.heard(node);
  ASSERT_EQ(answers.size(), 1U) << "and nothing that follows from the job that is not on disk";
  EXPECT_EQ(answers[0].heard().number(), 41U);
}

TEST(Controller, a_long_list_comes_in_slices_and_holds_each_job_once) {
  MemoryStore store;
  FakeWorld world(store);
  const ClientId client = world.connect(ada);
  for (int i = 0; i < 2500; ++i) world.say(client, submit_script());
  world.heard(client);
  wire::ClientRequest list;
  list.mutable_list_jobs();
  world.say(client, list);
  std::set<std::uint64_t> jobs;
  const auto replies = world.heard(client);
  ASSERT_GT(replies.size(), 2U);
  for (const auto& reply : replies) {
    EXPECT_EQ(reply.last(), &reply == &replies.back());
    for (const auto& job : reply.jobs().jobs()) EXPECT_TRUE(jobs.insert(job.job()).second);
  }
  EXPECT_EQ(jobs.size(), 2500U);
}

TEST(Controller, a_user_may_not_submit_as_another_and_root_may) {
  MemoryStore store;
  FakeWorld world(store);
  wire::ClientRequest request = submit_script();
  request.mutable_submit()->mutable_request()->mutable_user()->set_uid(1002);
  const ClientId user = world.connect(ada);
  world.say(user, request);
  EXPECT_EQ(world.heard(user)[0].error().message(), "uid 1001 may not submit as uid 1002");
  const ClientId admin = world.connect(root);
  world.say(admin, request);
  EXPECT_EQ(world.heard(admin)[0].submitted().job(), 1U);
  EXPECT_EQ(world.state().find_job(JobId(1))->request.common->user.uid, 1002U);
}

TEST(Controller, a_node_speaks_for_itself_alone) {
  MemoryStore store;
  FakeWorld world(store);
  const Session session(99);
  world.turn([&] { world.controller().node_opened(session, "n1"); });
  wire::NodeMessage message;
  wire::put(FakeWorld::inventory("n2", 4), message.mutable_register_()->mutable_inventory());
  world.say(session, message);
  const auto messages = world.heard(session);
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_NE(messages[0].registered().error().find("registers as"), std::string::npos);
  EXPECT_TRUE(world.is_dropped(session));
  EXPECT_TRUE(world.state().record.nodes.empty());
}

TEST(Controller, a_node_that_registers_again_ends_its_older_connection) {
  MemoryStore store;
  FakeWorld world(store);
  const Session first = world.join("n1");
  const Session second = world.join("n1");
  EXPECT_TRUE(world.is_dropped(first));
  EXPECT_FALSE(world.is_dropped(second));
  EXPECT_EQ(world.state().record.nodes.size(), 1U);
}

TEST(Controller, an_ordinary_users_own_cluster_runs_no_job_of_another_not_even_roots) {
  MemoryStore store;
  FakeWorld world(store, nullptr, nullptr, Uid{1001});
  const ClientId admin = world.connect(root);
  wire::ClientRequest dry = submit_script();
  dry.mutable_submit()->set_dry_run(true);
  wire::ClientRequest many;
  *many.mutable_submit_many()->add_jobs() = submit_script().submit();
  for (const auto& request : {submit_script(), dry, many}) {
    world.say(admin, request);
    const auto replies = world.heard(admin);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].error().code(), static_cast<std::uint32_t>(Code::not_permitted));
    EXPECT_EQ(
        replies[0].error().message(),
        "uid 0: this cluster is of uid 1001, not of root, and can run jobs of that user alone "
        "(one of your own: cox up)");
  }
  wire::ClientRequest as_ada = submit_script();
  as_ada.mutable_submit()->mutable_request()->mutable_user()->set_uid(1001);
  world.say(admin, as_ada);
  EXPECT_EQ(world.heard(admin)[0].submitted().job(), 1U);
}

TEST(Controller, an_update_gives_a_job_another_environment) {
  MemoryStore store;
  {
    FakeWorld world(store);
    const ClientId client = world.connect(ada);
    world.say(client, submit_script());
    world.heard(client);
    wire::ClientRequest update;
    update.mutable_job_action()->set_kind(wire::JobAction::UPDATE);
    update.mutable_job_action()->add_jobs(1);
    update.mutable_job_action()->mutable_changes()->set_environment(true);
    update.mutable_job_action()->mutable_changes()->add_variables("no assignment");
    world.say(client, update);
    EXPECT_NE(world.heard(client).back().error().message().find("no assignment"),
              std::string::npos);
    update.mutable_job_action()->mutable_changes()->set_variables(0, "X=1");
    update.mutable_job_action()->mutable_changes()->add_variables("Y=2");
    world.say(client, update);
    EXPECT_EQ(world.heard(client).back().done().count(), 1U);
  }
  FakeWorld world(store);
  const auto messages = world.heard(world.join("n1"));
  ASSERT_EQ(messages.size(), 2U);
  const std::string environment = messages[1].prepare().initial().environment();
  EXPECT_EQ(environment.find("A=b"), std::string::npos);
  EXPECT_NE(environment.find(std::string("X=1\0Y=2", 7)), std::string::npos);
}

TEST(Controller, a_node_tells_its_jobs_as_people_write_them) {
  MemoryStore store;
  FakeWorld world(store);
  world.join("n1");
  const ClientId client = world.connect(ada);
  wire::ClientRequest array = submit_script();
  wire::put(parse_array("4-5").value(), array.mutable_submit()->mutable_request()->mutable_array());
  world.say(client, array);
  world.heard(client);
  wire::ClientRequest list;
  list.mutable_list_nodes();
  world.say(client, list);
  const auto nodes = world.heard(client).back().nodes();
  ASSERT_EQ(nodes.nodes_size(), 1);
  ASSERT_EQ(nodes.nodes(0).job_names_size(), 2);
  EXPECT_EQ(nodes.nodes(0).job_names(0), "1_4");
  EXPECT_EQ(nodes.nodes(0).job_names(1), "1_5");
  EXPECT_EQ(nodes.nodes(0).jobs(0), 2U);
}

}  // namespace
}  // namespace cox::ctld
