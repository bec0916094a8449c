// Paths of tasks, and opening them with the user's rights.
#include "noded/stepd/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "noded/stepd/plan_builder.h"
#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::stepd {
namespace {

using platform::ScratchDir;

constexpr std::uint32_t nobody = 65534;

// A batch plan in `scratch`; as root its tasks belong to an ordinary user.
StepPlan plan_in(const ScratchDir& scratch) {
  StepPlan plan = batch_plan();
  plan.directory = scratch.path();
  plan.tmp_dir = scratch.path();
  plan.job.common.edit().user.uid = ::geteuid() == 0 ? nobody : ::geteuid();
  plan.job.common.edit().user.gid = ::getegid() == 0 ? nobody : ::getegid();
  if (::geteuid() == 0) {
    EXPECT_EQ(::chown(scratch.path().c_str(), nobody, nobody), 0);
  }
  return plan;
}

TEST(TaskPaths, a_batch_job_writes_both_streams_to_one_file_in_its_directory) {
  StepPlan plan = batch_plan();
  plan.key.attempt = Attempt{1};
  const auto paths = task_paths(plan);
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->at(0).output, "/data/cox-12.out");
  EXPECT_EQ(paths->at(0).error, "/data/cox-12.out");
  EXPECT_EQ(paths->at(0).input, "");
  EXPECT_TRUE(paths->at(0).truncate_output);
  plan.key.attempt = Attempt{2};
  EXPECT_FALSE(task_paths(plan)->at(0).truncate_output);
}

TEST(TaskPaths, an_element_of_an_array_has_a_file_of_its_own) {
  StepPlan plan = batch_plan();
  plan.element = {JobId{10}, 4, 3, 2, 6, 2};
  EXPECT_EQ(task_paths(plan)->at(0).output, "/data/cox-10_4.out");
  plan.output = "%A-%3a-%j";
  EXPECT_EQ(task_paths(plan)->at(0).output, "/data/10-004-12");
}

TEST(TaskPaths, a_step_without_pattern_has_no_files) {
  const auto paths = task_paths(two_node_plan());
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->size(), 3U);
  EXPECT_EQ(paths->at(0).output + paths->at(0).error, "");
}

TEST(TaskPaths, patterns_tell_tasks_and_nodes_apart) {
  StepPlan plan = two_node_plan();
  plan.client_io = false;
  plan.output = "%J-%t.out";
  plan.error = "/logs/%N-%n.err";
  const auto paths = task_paths(plan);
  ASSERT_TRUE(paths);
  EXPECT_EQ(paths->at(1).output, "/data/12.0-4.out");
  EXPECT_EQ(paths->at(1).error, "/logs/n2-1.err");
  EXPECT_TRUE(paths->at(1).truncate_output);
}

TEST(TaskPaths, only_the_first_node_begins_a_file_that_nodes_share) {
  StepPlan plan = two_node_plan();
  plan.client_io = false;
  plan.output = "all.out";
  EXPECT_FALSE(task_paths(plan)->at(0).truncate_output);
  plan.node_index = 0;
  EXPECT_TRUE(task_paths(plan)->at(0).truncate_output);
  plan.job.common.edit().append_output = true;
  EXPECT_FALSE(task_paths(plan)->at(0).truncate_output);
}

TEST(TaskPaths, an_unknown_letter_is_refused) {
  StepPlan plan = batch_plan();
  plan.output = "%q";
  EXPECT_FALSE(task_paths(plan));
}

TEST(TaskFiles, belong_to_the_user_and_follow_the_umask) {
  const ScratchDir scratch;
  StepPlan plan = plan_in(scratch);
  plan.job.common.edit().umask = 027;
  plan.script = "#!/bin/sh\n";
  const auto files = prepare_files(plan, false);
  ASSERT_TRUE(files) << files.error().message;

  struct stat status {};

  ASSERT_EQ(::stat((scratch / "cox-12.out").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, plan.job.common.edit().user.uid);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
  ASSERT_EQ(::stat(files->script_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, plan.job.common.edit().user.uid);
  EXPECT_EQ(status.st_mode & 0777U, 0500U);
  EXPECT_EQ(files->tasks.at(0).output, files->tasks.at(0).error);
}

TEST(TaskFiles, our_own_rights_are_back_afterwards) {
  const ScratchDir scratch;
  const StepPlan plan = plan_in(scratch);
  const mode_t before = ::umask(022);
  ASSERT_TRUE(prepare_files(plan, true));
  EXPECT_EQ(::umask(before), 022U);

  struct stat status {};

  ASSERT_TRUE(platform::write_file_atomic(scratch / "ours", ""));
  ASSERT_EQ(::stat((scratch / "ours").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, ::geteuid());
}

TEST(TaskFiles, a_file_that_only_root_could_open_is_refused_with_the_reason) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const ScratchDir scratch;
  StepPlan plan = plan_in(scratch);
  plan.output = "/etc/shadow";
  const auto files = prepare_files(plan, false);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().message, "open /etc/shadow: permission denied");
}

TEST(TaskFiles, a_missing_directory_is_named) {
  const ScratchDir scratch;
  StepPlan plan = plan_in(scratch);
  plan.directory = scratch / "none";
  const auto files = prepare_files(plan, false);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().message,
            "enter directory " + scratch.path() + "/none: no such file or directory");
}

/// What is in the output of a batch step whose last attempt still writes when the next has begun.
std::string after_late_line(StepPlan plan, const std::string& output) {
  plan.is_batch = true;
  plan.output = output;
  plan.key.attempt = Attempt{1};
  const auto old = prepare_files(plan, false);
  EXPECT_TRUE(old);
  const int late = old->tasks.at(0).output;
  EXPECT_EQ(::write(late, "old\n", 4), 4);
  plan.key.attempt = Attempt{2};
  const auto files = prepare_files(plan, false);
  EXPECT_TRUE(files) << files.error().message;
  EXPECT_EQ(::write(files->tasks.at(0).output, "new\n", 4), 4);
  EXPECT_EQ(::write(late, "late\n", 5), 5);
  return platform::read_file(plan.directory + "/" + output, 4096).value_or("");
}

TEST(TaskFiles, attempts_follow_each_other_in_one_file) {
  const ScratchDir scratch;
  const StepPlan plan = plan_in(scratch);
  const std::string there = scratch / "plain.out";
  ASSERT_TRUE(platform::write_file_atomic(there, "of another job\n"));
  ASSERT_EQ(::chown(there.c_str(), plan.job.common->user.uid, plan.job.common->user.gid), 0);
  EXPECT_EQ(after_late_line(plan, "plain.out"), "old\nnew\nlate\n");
}

TEST(TaskFiles, an_earlier_attempt_writes_nothing_into_output_that_begins_anew) {
  const ScratchDir scratch;
  StepPlan plan = plan_in(scratch);
  plan.job.common.edit().truncate_output = true;
  EXPECT_EQ(after_late_line(plan, "plain.out"), "new\n");
  const std::string kept = scratch / "rights.out";
  ASSERT_TRUE(platform::write_file_atomic(kept, ""));
  ASSERT_EQ(::chown(kept.c_str(), plan.job.common->user.uid, plan.job.common->user.gid), 0);
  ASSERT_EQ(::chmod(kept.c_str(), 0604), 0);
  EXPECT_EQ(after_late_line(plan, "rights.out"), "new\n");

  struct stat status {};

  ASSERT_EQ(::stat(kept.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0604U);
}

TEST(TaskFiles, a_link_stays_and_what_is_appended_to_stays_as_a_whole) {
  const ScratchDir scratch;
  StepPlan plan = plan_in(scratch);
  plan.job.common.edit().truncate_output = true;
  ASSERT_EQ(::symlink("real.out", (scratch / "link.out").c_str()), 0);
  EXPECT_EQ(after_late_line(plan, "link.out"), "new\nlate\n");
  EXPECT_EQ(platform::read_file(scratch / "real.out", 4096).value_or(""), "new\nlate\n");
  plan.job.common.edit().truncate_output = false;
  plan.job.common.edit().append_output = true;
  EXPECT_EQ(after_late_line(plan, "all.out"), "old\nnew\nlate\n");
}

TEST(TaskFiles, a_pipe_without_reader_fails_instead_of_blocking) {
  const ScratchDir scratch;
  StepPlan plan = plan_in(scratch);
  ASSERT_EQ(::mkfifo((scratch / "fifo").c_str(), 0666), 0);
  ASSERT_EQ(::chmod((scratch / "fifo").c_str(), 0666), 0);
  plan.output = "fifo";
  EXPECT_FALSE(prepare_files(plan, false));
}

}  // namespace
}  // namespace cox::stepd
