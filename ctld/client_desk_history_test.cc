// Questions about jobs that ended: at once from memory, later from history.db, and about those that
// left memory as about those that did not.
#include <gtest/gtest.h>

#include "ctld/fake_world.h"
#include "ctld/history_testing.h"
#include "ctld/store/history_testing.h"

namespace cox::ctld {
namespace {

constexpr Caller ada{1001, 100, Role::user};

wire::ClientRequest submit_any_script() {
  JobRequest request;
  request.common.edit().directory = "/home/u";
  request.common.edit().components = {Component{}};
  wire::ClientRequest made;
  wire::put(request, made.mutable_submit()->mutable_request());
  made.mutable_submit()->set_script("#!/bin/sh\ntrue\n");
  return made;
}

/// A controller with one node and a history of its own.
class HistoryWorld : public ::testing::Test {
 protected:
  /// Submits a job and lets it end.
  void run_job(int exit_code) {
    const std::uint64_t id = world_.state().record.next_job.value;
    world_.say(client_, submit_any_script());
    wire::NodeMessage message;
    message.mutable_closed()->set_job(id);
    message.mutable_closed()->set_attempt(1);
    StepResult result;
    result.exit_code = exit_code;
    wire::put(result, message.mutable_closed()->mutable_batch_result());
    world_.say(node_, message);
    world_.heard(client_);
  }

  wire::ClientReply asked(const wire::ClientRequest& request) {
    world_.say(client_, request);
    wire::ClientReply whole;
    for (const wire::ClientReply& reply : world_.heard(client_)) whole.MergeFrom(reply);
    EXPECT_TRUE(whole.last());
    return whole;
  }

  std::vector<std::uint64_t> found(const wire::HistoryQuery& query) {
    wire::ClientRequest request;
    *request.mutable_history_query() = query;
    std::vector<std::uint64_t> ids;
    const wire::ClientReply reply = asked(request);
    for (const auto& entry : reply.history().entries()) ids.push_back(entry.job().job());
    return ids;
  }

  using Ids = std::vector<std::uint64_t>;
  HistoryDisk disk_;
  FakeHistory history_{disk_};
  MemoryStore store_;
  FakeWorld world_{store_, &history_};
  Session node_ = world_.join("n1");
  ClientId client_ = world_.connect(ada);
};

using HistoryQueries = HistoryWorld;

TEST_F(HistoryQueries, a_job_that_just_ended_is_there_at_once_and_only_once_later) {
  run_job(3);
  EXPECT_EQ(found({}), (Ids{1})) << "nothing is written yet";
  world_.controller().history_written(history_.write_one());
  EXPECT_EQ(disk_.attempts.size(), 1U);
  EXPECT_EQ(found({}), (Ids{1}));
  EXPECT_EQ(world_.controller().history().complete_to(),
            world_.controller().machine().last_sequence());
}

TEST_F(HistoryQueries, rows_are_written_only_after_their_facts_last) {
  world_.hold_commits = true;
  run_job(0);
  EXPECT_EQ(history_.waiting(), 0U);
  world_.commit();
  EXPECT_EQ(history_.waiting(), 1U);
}

TEST_F(HistoryQueries, an_entry_tells_what_was_asked_given_and_used) {
  run_job(3);
  wire::ClientRequest request;
  request.mutable_history_query()->set_steps(true);
  const auto reply = asked(request);
  ASSERT_EQ(reply.history().entries_size(), 1);
  const wire::HistoryEntry& entry = reply.history().entries(0);
  EXPECT_EQ(entry.job().state(), "FAILED");
  EXPECT_EQ(entry.job().exit_code(), 3);
  EXPECT_EQ(entry.job().user(), "user1001");
  EXPECT_EQ(entry.failure(), "program");
  EXPECT_EQ(entry.cores(), "n1:0");
  EXPECT_EQ(entry.asked_cpus(), 1U);
  EXPECT_EQ(entry.script_hash().size(), 64U);
  ASSERT_EQ(entry.job().steps_size(), 1);
  EXPECT_EQ(entry.job().steps(0).name(), "batch");
  EXPECT_FALSE(reply.history().has_next());
}

TEST_F(HistoryQueries, a_long_answer_says_where_to_go_on) {
  for (int i = 0; i < 3; ++i) run_job(0);
  world_.controller().history_written(history_.write_one());
  wire::ClientRequest request;
  request.mutable_history_query()->set_limit(2);
  const auto first = asked(request);
  ASSERT_EQ(first.history().entries_size(), 2);
  ASSERT_TRUE(first.history().has_next());
  *request.mutable_history_query()->mutable_after() = first.history().next();
  const auto second = asked(request);
  ASSERT_EQ(second.history().entries_size(), 1);
  EXPECT_EQ(second.history().entries(0).job().job(), 1U);
  EXPECT_FALSE(second.history().has_next());
}

TEST_F(HistoryQueries, hostile_queries_are_refused_by_name) {
  wire::ClientRequest request;
  request.mutable_history_query()->add_states("RUNNING");
  EXPECT_NE(asked(request).error().message().find("state RUNNING"), std::string::npos);
  request.mutable_history_query()->clear_states();
  request.mutable_history_query()->add_labels("=x");
  EXPECT_NE(asked(request).error().message().find("label =x"), std::string::npos);
  request.mutable_history_query()->clear_labels();
  for (int i = 0; i < 10'001; ++i) request.mutable_history_query()->add_jobs(1);
  EXPECT_EQ(asked(request).error().message(), "10001 jobs are over the limit of 10000");
}

/// Jobs that are in history and not in State, as after retention.
class PastJobs : public HistoryWorld {
 protected:
  PastJobs() {
    AttemptRow row = ended_job(77, 5);
    row.state = "FAILED";
    row.exit_code = 4;
    row.cores = "n[1-2]:0-1;n3:0";
    row.output_path = "/home/ada/o";
    disk_.attempts[row.key()] = row;
    StepRow step = ended_step(row, step_batch);
    disk_.steps[step.key()] = step;
  }
};

TEST_F(PastJobs, a_job_that_left_memory_is_shown_from_history) {
  run_job(0);
  wire::ClientRequest request;
  for (const std::uint64_t id : {1U, 77U, 99U}) request.mutable_list_jobs()->add_jobs(id);
  request.mutable_list_jobs()->set_full(true);
  const auto reply = asked(request);
  ASSERT_EQ(reply.jobs().jobs_size(), 2) << "job 99 never was";
  const wire::JobView& job = reply.jobs().jobs(0);
  EXPECT_EQ(job.job(), 77U);
  EXPECT_EQ(job.state(), "FAILED");
  EXPECT_EQ(job.exit_code(), 4);
  EXPECT_TRUE(job.is_final());
  EXPECT_EQ(job.output_path(), "/home/ada/o");
  EXPECT_EQ(job.steps_size(), 1);
  ASSERT_EQ(job.shares_size(), 3);
  EXPECT_EQ(job.shares(1).node(), "n2");
  EXPECT_EQ(job.shares(1).cores(), "0-1");
  EXPECT_EQ(reply.jobs().jobs(1).job(), 1U);
}

TEST_F(PastJobs, who_waits_for_a_job_that_left_memory_learns_how_it_ended) {
  wire::ClientRequest request;
  request.mutable_wait_jobs()->add_jobs(77);
  const auto reply = asked(request);
  EXPECT_EQ(reply.event().job().state(), "FAILED");
  EXPECT_EQ(reply.event().job().exit_code(), 4);
  request.mutable_wait_jobs()->add_jobs(99);
  EXPECT_EQ(asked(request).error().message(), "no job 99");
}

TEST_F(PastJobs, why_a_job_that_left_memory_does_not_run_is_that_it_ended) {
  wire::ClientRequest request;
  request.mutable_explain_job()->set_job(77);
  EXPECT_EQ(asked(request).explanation().summary(), "it has ended");
  request.mutable_explain_job()->set_job(99);
  EXPECT_EQ(asked(request).error().message(), "no job 99");
}

TEST_F(PastJobs, what_is_asked_of_a_job_that_left_memory_is_refused_since_it_has_ended) {
  wire::ClientRequest request;
  wire::JobAction& action = *request.mutable_job_action();
  action.set_kind(wire::JobAction::CANCEL);
  for (const std::uint64_t id : {77U, 99U}) action.add_jobs(id);
  wire::ElementsOf& some = *action.add_elements();
  some.set_array(77);
  wire::ArrayRange& fifth = *some.add_elements();
  fifth.set_first(5);
  fifth.set_last(5);
  fifth.set_step(1);
  const auto reply = asked(request);
  ASSERT_EQ(reply.done().errors_size(), 3);
  EXPECT_EQ(reply.done().errors(0).error().message(), "job 77 is FAILED: it has ended");
  EXPECT_EQ(reply.done().errors(1).error().message(), "no job 99");
  EXPECT_EQ(reply.done().errors(2).error().message(), "no job 77_5") << "it is no array";
}

TEST_F(PastJobs, of_an_array_that_left_memory_only_elements_that_it_had_have_ended) {
  AttemptRow row = ended_job(78, 6, 0);
  row.kind = "array";
  row.is_last = false;
  row.array = JobId{78};
  row.elements = "0-3";
  disk_.attempts[row.key()] = row;
  wire::ClientRequest request;
  request.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  for (const char* elements : {"3-5", "9"}) {
    wire::ElementsOf& some = *request.mutable_job_action()->add_elements();
    some.set_array(78);
    wire::put(parse_array(elements).value(), some.mutable_elements());
  }
  const auto reply = asked(request);
  ASSERT_EQ(reply.done().errors_size(), 2);
  EXPECT_EQ(reply.done().errors(0).error().message(), "job 78_[3-5] has ended");
  EXPECT_EQ(reply.done().errors(1).error().message(), "no job 78_9");
  EXPECT_EQ(static_cast<Code>(reply.done().errors(1).error().code()), Code::not_found);
}

TEST_F(PastJobs, nothing_untrue_is_said_of_a_job_that_left_memory) {
  AttemptRow& row = disk_.attempts.begin()->second;
  wire::ClientRequest request;
  request.mutable_list_jobs()->add_jobs(77);
  request.mutable_list_jobs()->set_full(true);
  const auto shown = [&] { return asked(request).jobs().jobs(0); };
  EXPECT_TRUE(shown().is_past());
  EXPECT_FALSE(shown().has_terms()) << "a row of an older version does not say";
  row.requeue = 1;
  row.dependency = "afterok:7";
  row.begin = Instant{5};
  row.deadline = Instant{6};
  row.early_signal = 10;
  row.early_signal_before = seconds(60);
  row.retry_times = 3;
  row.retry_codes = "75,100-110";
  row.nice = 7;
  const wire::JobView job = shown();
  ASSERT_TRUE(job.has_terms());
  EXPECT_TRUE(job.request().requeue());
  EXPECT_EQ(job.request().dependency(), "afterok:7");
  EXPECT_EQ(job.request().begin_us(), 5);
  EXPECT_EQ(job.request().deadline_us(), 6);
  EXPECT_EQ(job.request().signal(), 10U);
  EXPECT_EQ(job.request().signal_before_us(), 60'000'000);
  EXPECT_EQ(job.request().retry_times(), 3U);
  ASSERT_EQ(job.request().retry_codes_size(), 2);
  EXPECT_EQ(job.request().retry_codes(0).last(), 75U);
  EXPECT_EQ(job.request().retry_codes(1).first(), 100U);
  EXPECT_EQ(job.request().retry_codes(1).last(), 110U);
  EXPECT_EQ(job.request().nice(), 7);
}

TEST_F(PastJobs, a_whole_array_that_left_memory_has_its_elements) {
  AttemptRow row = ended_job(78, 6, 0);
  row.kind = "array";
  row.is_last = false;
  row.array = JobId{78};
  row.elements = "0-3,9";
  row.counts = "5 COMPLETED";
  disk_.attempts[row.key()] = row;
  wire::ClientRequest request;
  request.mutable_list_jobs()->add_jobs(78);
  request.mutable_list_jobs()->set_full(true);
  const auto reply = asked(request);
  ASSERT_EQ(reply.jobs().jobs_size(), 1);
  EXPECT_EQ(reply.jobs().jobs(0).id(), "78");
  EXPECT_EQ(reply.jobs().jobs(0).counts(), "5 COMPLETED");
  EXPECT_EQ(array_text(wire::take(reply.jobs().jobs(0).request().array()).value()), "0-3,9");
}

TEST_F(PastJobs, what_runs_of_a_job_that_left_memory_is_nothing_since_it_has_ended) {
  wire::ClientRequest request;
  request.mutable_list_processes()->set_job(77);
  EXPECT_EQ(asked(request).error().message(), "job 77 is FAILED: it has ended");
  request.mutable_list_processes()->set_job(99);
  EXPECT_EQ(asked(request).error().message(), "no job 99");
  wire::ClientRequest attach;
  attach.mutable_attach_step()->set_job(77);
  EXPECT_EQ(asked(attach).error().message(), "job 77 is FAILED: it has ended");
}

using PastDependencies = PastJobs;

wire::ClientRequest submit_after(const std::string& dependency) {
  wire::ClientRequest made = submit_any_script();
  made.mutable_submit()->mutable_request()->set_dependency(dependency);
  return made;
}

TEST_F(PastDependencies, jobs_that_left_memory_are_looked_up_before_the_submit) {
  const auto good = asked(submit_after("afternotok:77"));
  ASSERT_EQ(good.submitted().job(), 1U) << good.error().message();
  const core::Job& job = *world_.state().find_job(JobId{1});
  ASSERT_EQ(job.request.terms->past.size(), 1U);
  EXPECT_EQ(job.request.terms->past[0].job, JobId{77});
  EXPECT_EQ(job.request.terms->past[0].state, JobState::failed);
  const auto never = asked(submit_after("afterok:77"));
  const core::Job& ended = *world_.state().find_job(JobId{never.submitted().job()});
  EXPECT_EQ(job_state(ended), JobState::cancelled);
  EXPECT_EQ(ended.run->why,
            "dependency cannot come true: afterok:77: job 77 ended FAILED, exit code 4");
}

TEST_F(PastDependencies, the_chain_goes_on_where_it_left_memory) {
  AttemptRow row = ended_job(78, 6);
  row.state = "CANCELLED";
  row.reason = "dependency cannot come true: afterok:77: job 77 ended FAILED, exit code 4";
  disk_.attempts[row.key()] = row;
  const auto never = asked(submit_after("afterok:78"));
  EXPECT_EQ(world_.state().find_job(JobId{never.submitted().job()})->run->why,
            "dependency cannot come true: afterok:78 <- afterok:77: job 77 ended FAILED, "
            "exit code 4");
  row.reason = "cancelled by ada";
  disk_.attempts[row.key()] = row;
  const auto other = asked(submit_after("afterok:78"));
  EXPECT_EQ(world_.state().find_job(JobId{other.submitted().job()})->run->why,
            "dependency cannot come true: afterok:78: job 78 ended CANCELLED");
}

TEST_F(PastDependencies, an_update_looks_them_up_as_well) {
  wire::ClientRequest request = submit_any_script();
  request.mutable_submit()->mutable_request()->set_held(true);
  const auto id = asked(request).submitted().job();
  wire::ClientRequest update;
  update.mutable_job_action()->set_kind(wire::JobAction::UPDATE);
  update.mutable_job_action()->add_jobs(id);
  update.mutable_job_action()->mutable_changes()->set_dependency("afternotok:77");
  EXPECT_EQ(asked(update).done().count(), 1U);
  EXPECT_EQ(world_.state().find_job(JobId{id})->request.terms->past.size(), 1U);
}

TEST_F(PastDependencies, one_that_never_was_is_refused_whoever_is_asked) {
  run_job(0);
  EXPECT_EQ(asked(submit_after("afterok:9")).error().message(),
            "dependency on job 9: there is no such job yet");
  EXPECT_EQ(asked(submit_after("afterok:1_7")).error().message(),
            "dependency on job 1_7: no such job is known");
}

TEST_F(HistoryQueries, who_ended_a_job_has_a_name) {
  world_.say(client_, submit_any_script());
  world_.say(client_, submit_any_script());
  world_.heard(client_);
  wire::ClientRequest cancel;
  cancel.mutable_job_action()->set_kind(wire::JobAction::CANCEL);
  cancel.mutable_job_action()->add_jobs(1);
  asked(cancel);
  const ClientId other = world_.connect({0, 0, Role::administrator});
  cancel.mutable_job_action()->set_jobs(0, 2);
  world_.say(other, cancel);
  for (const std::uint64_t job : {1, 2}) {
    wire::NodeMessage message;
    message.mutable_closed()->set_job(job);
    message.mutable_closed()->set_attempt(1);
    world_.say(node_, message);
  }
  world_.heard(client_);
  wire::ClientRequest request;
  request.mutable_history_query();
  const auto reply = asked(request);
  ASSERT_EQ(reply.history().entries_size(), 2);
  const auto of = [&](std::uint64_t job) {
    const auto& entries = reply.history().entries();
    return *std::ranges::find_if(entries,
                                 [job](const auto& one) { return one.job().job() == job; });
  };
  EXPECT_EQ(of(1).ended_by_name(), "user1001");
  EXPECT_EQ(of(1).job().why(), "cancelled by user1001");
  EXPECT_EQ(of(2).ended_by(), 0U);
  EXPECT_EQ(of(2).ended_by_name(), "root");
  EXPECT_EQ(of(2).job().why(), "cancelled by root");
}

TEST_F(HistoryQueries, a_state_that_is_none_is_told_with_those_there_are) {
  wire::ClientRequest request;
  request.mutable_history_query()->add_states("deadlin");
  const std::string message = asked(request).error().message();
  EXPECT_NE(message.find("perhaps DEADLINE (there are: COMPLETED, "), std::string::npos) << message;
  for (const char* state : {"deadline", "REQUEUED", "undone", "Node_Fail"}) {
    request.mutable_history_query()->set_states(0, state);
    EXPECT_FALSE(asked(request).has_error()) << state;
  }
}

}  // namespace
}  // namespace cox::ctld
