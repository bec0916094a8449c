// Every check of the verdict on evidence made by hand: what it must accept, and what it must find.
#include "testsuite/kills/verdict.h"

#include <gtest/gtest.h>

#include "testsuite/kills/sync_log.h"

namespace cox::kills {
namespace {

constexpr std::uint64_t marker = 7;
constexpr std::uint64_t job = 3;

/// One batch job that was acknowledged, ran once on n1 and completed.
class VerdictOf : public ::testing::Test {
 protected:
  VerdictOf() {
    book_.wishes[marker].ids = {job};
    book_.kills["controller"] = 1;
    evidence_.attempts = {attempt(1, "COMPLETED")};
    evidence_.lines = "3 1 n1 start\n3 1 n1 end\n";
    evidence_.outputs[job] = whole_output(job, 1);
  }

  static PastAttempt attempt(std::uint32_t number, const std::string& state) {
    PastAttempt made;
    made.job = job;
    made.attempt = number;
    made.is_last = true;
    made.name = marked_name(marker);
    made.state = state;
    made.node_list = "n[1-2]";
    made.started = Instant{1000};
    made.ended = Instant{2000};
    return made;
  }

  /// A first attempt that started and was given up, and a second that completed.
  void run_again(const std::string& first_state) {
    evidence_.attempts = {attempt(2, "COMPLETED"), attempt(1, first_state)};
    evidence_.attempts.back().is_last = false;
    evidence_.lines = "3 1 n1 start\n3 2 n2 start\n3 2 n2 end\n";
    evidence_.outputs[job] = whole_output(job, 2);
  }

  Wish& wish() { return book_.wishes[marker]; }

  Verdict verdict() const { return judge(book_, evidence_); }

  Book book_;
  Evidence evidence_;
};

TEST_F(VerdictOf, a_job_that_ran_once_is_good) {
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
  EXPECT_EQ(verdict().totals.completed, 1U);
}

TEST_F(VerdictOf, an_acknowledged_job_that_is_not_known_is_lost) {
  evidence_ = {};
  EXPECT_EQ(verdict().totals.lost, 1U);
}

TEST_F(VerdictOf, a_job_that_nobody_was_told_of_may_be_unknown) {
  evidence_ = {};
  wish().ids.clear();
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
}

TEST_F(VerdictOf, an_id_that_belongs_to_another_job_is_lost) {
  wish().ids = {job + 1};
  EXPECT_EQ(verdict().totals.lost, 1U);
}

TEST_F(VerdictOf, two_ids_for_one_key_are_found) {
  wish().ids = {job, job + 1};
  EXPECT_EQ(verdict().totals.doubled, 1U);
}

/// An array of three: one ran, two were cancelled as one.
class VerdictOfArray : public VerdictOf {
 protected:
  VerdictOfArray() {
    wish().elements = 3;
    wish().is_cancelled = true;
    wish().ids = {2};
    evidence_.attempts[0].array = 2;
    evidence_.attempts[0].indices = {0};
    PastAttempt rest = attempt(0, "CANCELLED");
    rest.job = rest.array = 2;
    rest.indices = {1, 2};
    evidence_.attempts.push_back(rest);
  }
};

TEST_F(VerdictOfArray, elements_that_ended_each_once_are_good) {
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
}

TEST_F(VerdictOfArray, an_element_without_an_end_is_lost) {
  evidence_.attempts[1].indices = {2};
  EXPECT_EQ(verdict().totals.lost, 1U);
}

TEST_F(VerdictOfArray, an_element_that_became_two_jobs_is_found) {
  PastAttempt again = evidence_.attempts[0];
  again.job = 9;
  evidence_.attempts.push_back(again);
  evidence_.lines += "9 1 n1 start\n9 1 n1 end\n";
  evidence_.outputs[9] = whole_output(9, 1);
  EXPECT_EQ(verdict().totals.doubled, 1U);
}

TEST_F(VerdictOfArray, elements_that_nobody_cancelled_are_found) {
  wish().is_cancelled = false;
  EXPECT_EQ(verdict().totals.disturbed, 1U);
}

TEST_F(VerdictOf, one_name_that_became_two_jobs_is_found) {
  evidence_.attempts.push_back(attempt(1, "COMPLETED"));
  evidence_.attempts.back().job = job + 1;
  evidence_.lines += "4 1 n1 start\n4 1 n1 end\n";
  evidence_.outputs[job + 1] = whole_output(job + 1, 1);
  EXPECT_GE(verdict().totals.doubled, 1U);
}

TEST_F(VerdictOf, a_job_without_a_last_attempt_is_lost) {
  evidence_.attempts.front().is_last = false;
  EXPECT_EQ(verdict().totals.lost, 1U);
}

TEST_F(VerdictOf, an_attempt_that_started_twice_is_found) {
  evidence_.lines += "3 1 n2 start\n";
  EXPECT_EQ(verdict().totals.doubled, 1U);
}

TEST_F(VerdictOf, attempts_at_the_same_moment_are_found) {
  evidence_.lines += "3 1 n2 overlap\n";
  EXPECT_EQ(verdict().totals.doubled, 1U);
}

TEST_F(VerdictOf, a_run_that_the_history_does_not_know_is_found) {
  evidence_.lines += "3 2 n2 start\n";
  EXPECT_EQ(verdict().totals.doubled, 1U);
}

TEST_F(VerdictOf, a_completed_job_whose_script_did_not_end_is_lost) {
  evidence_.lines = "3 1 n1 start\n";
  EXPECT_EQ(verdict().totals.lost, 1U);
}

TEST_F(VerdictOf, output_that_is_not_whole_is_lost) {
  evidence_.outputs[job].erase(100, 5);
  EXPECT_EQ(verdict().totals.lost, 1U);
}

TEST_F(VerdictOf, a_running_job_that_was_given_up_without_cause_is_disturbed) {
  run_again("REQUEUED");
  EXPECT_EQ(verdict().totals.disturbed, 1U);
}

TEST_F(VerdictOf, a_killed_supervisor_excuses_its_own_attempt_only) {
  run_again("REQUEUED");
  book_.shot = {{job, 1}};
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
  EXPECT_EQ(verdict().totals.again, 1U);
  book_.shot = {{job, 2}, {job + 1, 1}};
  EXPECT_EQ(verdict().totals.disturbed, 1U);
}

TEST_F(VerdictOf, a_long_cut_excuses_attempts_of_its_node_and_time_only) {
  run_again("REQUEUED");
  book_.cuts = {{"n2", Instant{1500}, Instant{1600}}};
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
  book_.cuts = {{"n3", Instant{1500}, Instant{1600}}, {"n2", Instant{2000}, Instant{2100}}};
  EXPECT_EQ(verdict().totals.disturbed, 1U);
}

TEST_F(VerdictOf, a_start_that_was_undone_has_not_run) {
  run_again("UNDONE");
  book_.shot = {{job, 1}};
  EXPECT_EQ(verdict().totals.doubled, 1U);
  evidence_.lines = "3 2 n2 start\n3 2 n2 end\n";
  book_.shot.clear();
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
  EXPECT_EQ(verdict().totals.never_begun, 1U);
}

TEST_F(VerdictOf, nothing_is_given_up_where_nobody_was_killed) {
  run_again("UNDONE");
  evidence_.lines = "3 2 n2 start\n3 2 n2 end\n";
  book_.kills.clear();
  EXPECT_EQ(verdict().totals.disturbed, 1U);
}

TEST_F(VerdictOf, a_cancelled_job_was_asked_to_end) {
  evidence_.attempts = {attempt(1, "CANCELLED")};
  evidence_.lines = "3 1 n1 start\n";
  EXPECT_EQ(verdict().totals.disturbed, 1U);
  wish().is_cancelled = true;
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
  wish().is_cancelled = false;
  wish().is_client_killed = true;
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
}

TEST_F(VerdictOf, a_failed_job_is_disturbed_since_its_script_cannot_fail) {
  evidence_.attempts = {attempt(1, "FAILED")};
  EXPECT_EQ(verdict().totals.disturbed, 1U);
}

TEST_F(VerdictOf, a_run_whose_client_did_not_see_its_end_is_disturbed) {
  wish().is_run = true;
  wish().run_complaint = "status 125";
  EXPECT_EQ(verdict().totals.disturbed, 1U);
  book_.shot = {{job, 1}};
  EXPECT_EQ(verdict().complaints, std::vector<std::string>{});
}

TEST_F(VerdictOf, a_job_that_nobody_asked_for_is_found) {
  evidence_.attempts.push_back(attempt(1, "COMPLETED"));
  evidence_.attempts.back().name = "stranger";
  EXPECT_EQ(verdict().complaints.size(), 1U);
}

TEST_F(VerdictOf, a_torn_line_is_found) {
  evidence_.lines += "3 1 n\n";
  EXPECT_EQ(verdict().complaints.size(), 1U);
}

}  // namespace
}  // namespace cox::kills
