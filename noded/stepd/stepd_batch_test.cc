// Batch steps under a real supervisor.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <optional>

#include "noded/stepd/stepd_world.h"
#include "platform/container.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::stepd {
namespace {

StepResult run(World& world, const wire::StepStart& start) {
  const Stepd& stepd = world.launch(start);
  EXPECT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  return stepd.parent.result();
}

TEST(Batch, a_script_runs_and_its_output_is_kept) {
  World world;
  const auto result = run(world, world.batch("#!/bin/sh\necho out; echo err >&2; pwd\n"));
  EXPECT_EQ(result.cause, EndCause::finished);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(world.file("cox-12.out"), "out\nerr\n" + world.work() + "\n");
}

TEST(Batch, a_command_runs_without_a_script) {
  World world;
  JobRequest job;
  job.argv = {"echo", "a b", "c"};
  EXPECT_EQ(run(world, world.batch("", job)).exit_code, 0);
  EXPECT_EQ(world.file("cox-12.out"), "a b c\n");
}

TEST(Batch, go_at_once_needs_no_second_message) {
  World world;
  auto start = world.batch("#!/bin/sh\nexit 4\n");
  start.set_go_at_once(true);
  const Stepd& stepd = world.spawn(start);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().exit_code, 4);
}

TEST(Batch, exit_codes_and_signals_are_told_apart) {
  World world;
  EXPECT_EQ(run(world, world.batch("#!/bin/sh\nexit 3\n")).exit_code, 3);
  const auto killed = run(world, world.batch("#!/bin/sh\nkill -SEGV $$\n"));
  EXPECT_EQ(killed.signal, SIGSEGV);
  EXPECT_EQ(killed.cause, EndCause::finished);
  EXPECT_EQ(killed.tasks_failed, 1U);
}

TEST(Batch, a_task_is_its_user_and_nothing_else) {
  World world;
  JobRequest job;
  job.common.edit().umask = 027;
  job.common.edit().limits = {{RLIMIT_CORE, 0, 4096}};
  const auto result = run(world, world.batch("#!/bin/sh\n"
                                             "id -u; id -g; id -G; umask; ulimit -c\n"
                                             "grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status |"
                                             " cut -f2 | sort -u\n"
                                             "grep -E 'Sig(Blk|Ign)' /proc/self/status | cut -f2\n"
                                             "echo $COX_JOB_ID ${SLURM_X-unset}\n",
                                             job));
  ASSERT_EQ(result.exit_code, 0);
  const std::string id = std::to_string(world.uid());
  if (::geteuid() != 0) GTEST_SKIP() << "ids and capabilities need root";
  EXPECT_EQ(world.file("cox-12.out"), id + "\n" + id + "\n" + id +
                                          "\n0027\n0\n"
                                          "0000000000000000\n"
                                          "0000000000000000\n0000000000000000\n"
                                          "12 unset\n");
}

TEST(Batch, a_task_inherits_no_descriptor) {
  World world;
  JobRequest job;
  job.argv = {"ls", "/proc/self/fd"};
  ASSERT_EQ(run(world, world.batch("", job)).exit_code, 0);
  EXPECT_EQ(world.file("cox-12.out"), "0\n1\n2\n3\n");  // 3: the directory that ls reads
}

TEST(Batch, runs_for_the_user_of_the_supervisor_too) {
  World world;
  UserIdentity self;
  self.uid = ::geteuid();
  self.gid = ::getegid();
  self.name = "self";
  world.run_tasks_as(self);
  EXPECT_EQ(run(world, world.batch("#!/bin/sh\nid -u\n")).exit_code, 0);
  EXPECT_EQ(world.file("cox-12.out"), std::to_string(self.uid) + "\n");
}

TEST(Batch, an_output_file_that_cannot_be_opened_fails_the_job_with_that_reason) {
  World world;
  JobRequest job;
  job.common.edit().output = "/no/such/dir/x.out";
  const Stepd& stepd = world.spawn(world.batch("#!/bin/sh\ntouch ran\n", job));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.statuses.back().failure(),
            "open /no/such/dir/x.out: no such file or directory");
  EXPECT_EQ(stepd.parent.result().cause, EndCause::launch_failed);
  stepd.parent.say_go();
  stepd.parent.say_forget();
  ASSERT_TRUE(world.until([&] { return stepd.exited; }));
  EXPECT_EQ(world.file("ran"), "(no file)");
}

TEST(Batch, a_missing_directory_fails_the_job_with_that_reason) {
  World world;
  JobRequest job;
  job.common.edit().directory = "/no/such/dir";
  const Stepd& stepd = world.spawn(world.batch("#!/bin/sh\n", job));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.statuses.back().failure(),
            "enter directory /no/such/dir: no such file or directory");
}

TEST(Batch, a_command_that_does_not_exist_is_127_and_one_that_cannot_run_126) {
  World world;
  JobRequest job;
  job.argv = {"no-such-command"};
  const auto missing = run(world, world.batch("", job));
  EXPECT_EQ(missing.exit_code, 127);
  EXPECT_EQ(missing.detail, "exec no-such-command: no such file or directory");
  EXPECT_EQ(missing.cause, EndCause::launch_failed);
  job.argv = {"/etc/passwd"};
  const auto refused = run(world, world.batch("", job));
  EXPECT_EQ(refused.exit_code, 126);
  EXPECT_EQ(refused.detail, "exec /etc/passwd: permission denied");
  EXPECT_NE(world.file("cox-12.out").find("exec /etc/passwd"), std::string::npos);
}

TEST(Batch, a_missing_interpreter_is_named_as_such) {
  World world;
  const auto result = run(world, world.batch("#!/no/such/shell\n"));
  EXPECT_EQ(result.exit_code, 126);
  EXPECT_NE(result.detail.find("interpreter"), std::string::npos) << result.detail;
}

TEST(Batch, the_time_limit_ends_it_and_says_so_in_the_output) {
  World world;
  auto start = world.batch("#!/bin/sh\nsleep 1000\n");
  start.mutable_spec()->set_time_left_us(20'000);
  const auto result = run(world, start);
  EXPECT_EQ(result.cause, EndCause::time_limit);
  EXPECT_EQ(result.signal, SIGTERM);
  EXPECT_NE(world.file("cox-12.out").find("cox: job 12 on n1 cancelled: time limit reached at 20"),
            std::string::npos)
      << world.file("cox-12.out");
}

TEST(Batch, a_signal_before_the_limit_is_for_the_script_alone) {
  World world;
  JobRequest job;
  job.common.edit().early_signal = {SIGUSR1, seconds(600), true};
  auto start = world.batch(
      "#!/bin/bash\n"
      "trap 'echo script; kill $child; exit 5' USR1\n"
      "(trap 'echo child' USR1; while :; do sleep 0.01; done) & child=$!\n"
      "wait\nwait\n",
      job);
  // The signal is due at once where only a moment more than those 600 s is left.
  start.mutable_spec()->set_time_left_us(600'000'000 + 500'000);
  EXPECT_EQ(run(world, start).exit_code, 5);
  EXPECT_EQ(world.file("cox-12.out"), "script\n");
}

TEST(Batch, without_B_a_signal_before_the_limit_is_not_for_the_script) {
  World world;
  JobRequest job;
  job.common.edit().early_signal = {SIGUSR1, seconds(600), false};
  auto start = world.batch("#!/bin/bash\ntrap 'exit 5' USR1\nsleep 0.3\n", job);
  start.mutable_spec()->set_time_left_us(600'000'000 + 50'000);
  EXPECT_EQ(run(world, start).exit_code, 0);
}

TEST(Batch, a_task_that_ignores_TERM_is_killed_after_kill_wait) {
  World world;
  auto start = world.batch("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1000; done\n");
  start.set_kill_wait_us(20'000);
  start.mutable_spec()->set_time_left_us(100'000);
  const auto result = run(world, start);
  EXPECT_EQ(result.cause, EndCause::time_limit);
  EXPECT_EQ(result.signal, SIGKILL);
}

TEST(Batch, an_end_before_go_runs_nothing) {
  World world;
  const Stepd& stepd = world.spawn(world.batch("#!/bin/sh\ntouch ran\n"));
  stepd.parent.say_end(EndCause::cancelled);
  stepd.parent.say_go();
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::cancelled);
  EXPECT_EQ(world.file("ran"), "(no file)");
}

// As a daemon does that was started again while the step ended.
TEST(Batch, a_second_end_does_not_shorten_the_time_of_the_first) {
  World world;
  auto start = world.batch(
      "#!/bin/sh\ntrap 'touch asked' TERM\ntouch on\n"
      "while [ ! -e asked ]; do sleep 0.01; done\n"
      "while [ ! -e go ]; do sleep 0.01; done\nexit 7\n");
  start.set_kill_wait_us(1'000'000'000);
  const Stepd& stepd = world.launch(start);
  ASSERT_TRUE(world.until([&] { return world.file("on").empty(); }));
  stepd.parent.say_end(EndCause::cancelled);
  ASSERT_TRUE(world.until([&] { return world.file("asked").empty(); }));
  stepd.parent.say_end(EndCause::cancelled);
  stepd.parent.say_end(EndCause::requeued);
  ASSERT_TRUE(platform::write_file_atomic(world.work() + "/go", ""));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::cancelled);
  EXPECT_EQ(stepd.parent.result().exit_code, 7);
}

TEST(Lease, that_runs_out_ends_tasks_that_ignore_term) {
  World world;
  auto start = world.batch("#!/bin/sh\ntrap '' TERM\ntouch on\nwhile :; do sleep 1000; done\n");
  start.set_kill_wait_us(1'000'000'000);
  start.mutable_lease()->set_left_us(1'000'000'000);
  const Stepd& stepd = world.launch(start);
  ASSERT_TRUE(world.until([&] { return world.file("on").empty(); }));
  stepd.parent.say_lease(milliseconds(20), milliseconds(20));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::node_lost);
  EXPECT_EQ(stepd.parent.result().signal, SIGKILL);
  EXPECT_EQ(stepd.parent.result().detail, "the controller was not heard for too long");
}

TEST(Lease, of_the_start_counts_when_no_daemon_is_there_any_more) {
  World world;
  auto start = world.batch("#!/bin/sh\ntouch on\nsleep 1000\n");
  start.mutable_lease()->set_left_us(milliseconds(300).us);
  const Stepd& stepd = world.launch(start);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::node_lost);
}

TEST(Lease, that_was_renewed_or_lifted_ends_nothing) {
  World world;
  auto start = world.batch("#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.01; done\nexit 3\n");
  start.mutable_lease()->set_left_us(seconds(1000).us);
  const Stepd& stepd = world.launch(start);
  stepd.parent.say_lease(seconds(2000), seconds(1));
  stepd.parent.say_lease(Duration{}, Duration{});
  ASSERT_TRUE(platform::write_file_atomic(world.work() + "/go", ""));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::finished);
  EXPECT_EQ(stepd.parent.result().exit_code, 3);
}

void make_pipe(const World& world, const std::string& name) {
  const std::string path = world.work() + "/" + name;
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
}

/// Waits until a task opens the other end of the pipe.
void meet(const World& world, const std::string& name) {
  const int fd = ::open((world.work() + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  ::close(fd);
}

TEST(Batch, a_later_daemon_that_asks_for_the_end_again_leaves_the_tasks_their_kill_wait) {
  World world;
  for (const char* name : {"ready", "told", "leave"}) make_pipe(world, name);
  auto start = world.batch(
      "#!/bin/sh\n"
      "trap ': >told; read x <leave; exit 7' TERM\n"
      ": >ready\nwhile :; do sleep 0.01; done\n");
  start.set_kill_wait_us(1'000'000'000);
  Stepd& stepd = world.launch(start);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == 2; }));
  meet(world, "ready");
  stepd.parent.say_end(EndCause::cancelled);
  Voice& next = world.connect(stepd, wire::PEER_DAEMON);
  ASSERT_TRUE(world.until([&] { return next.phase() == 2; }));
  meet(world, "told");
  next.say_end(EndCause::cancelled);
  // What it said was read by the time a third one has been answered.
  Voice& third = world.connect(stepd, wire::PEER_DAEMON);
  ASSERT_TRUE(world.until([&] { return third.phase() == 2; }));
  const int leave = ::open((world.work() + "/leave").c_str(), O_RDWR | O_CLOEXEC);
  EXPECT_EQ(::write(leave, "\n", 1), 1);
  ASSERT_TRUE(world.until([&] { return third.phase() == ended; }));
  ::close(leave);
  EXPECT_EQ(third.result().signal, 0);
  EXPECT_EQ(third.result().exit_code, 7);
}

TEST(Batch, what_a_script_leaves_in_the_background_is_killed) {
  World world;
  const auto result =
      run(world, world.batch("#!/bin/sh\n(setsid sleep 1000 & echo $! >pid) >/dev/null 2>&1\n"));
  EXPECT_EQ(result.exit_code, 0);
  const int pid = std::atoi(world.file("pid").c_str());
  ASSERT_GT(pid, 0);
  EXPECT_FALSE(platform::is_running(pid));
}

TEST(Batch, usage_is_what_the_kernel_counted) {
  World world;
  const auto result =
      run(world, world.batch("#!/bin/sh\ni=0; while [ $i -lt 30000 ]; do i=$((i+1)); done\n"));
  EXPECT_GT(result.usage.user_us + result.usage.system_us, 0);
  EXPECT_GT(result.usage.memory_peak_bytes, 100'000);
}

TEST(Batch, a_signal_to_the_supervisor_ends_the_step_as_lost) {
  World world;
  const Stepd& stepd = world.launch(world.batch("#!/bin/sh\nsleep 1000\n"));
  ::kill(stepd.pid, SIGTERM);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::supervisor_lost);
}

TEST(Batch, survives_its_daemon_and_serves_the_next_one) {
  World world;
  Stepd& stepd = world.launch(world.batch("#!/bin/sh\nsleep 1000\n"));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == 2; }));
  world.vanish(stepd.parent);
  Voice& next = world.connect(stepd, wire::PEER_DAEMON);
  ASSERT_TRUE(world.until([&] { return next.phase() == 2; }));
  EXPECT_EQ(next.statuses.front().job(), 12U);
  EXPECT_EQ(next.statuses.front().pid(), stepd.pid);
  next.say_end(EndCause::cancelled);
  ASSERT_TRUE(world.until([&] { return next.phase() == ended; }));
  EXPECT_EQ(next.result().cause, EndCause::cancelled);
  EXPECT_TRUE(platform::path_exists(stepd.socket));
  next.say_forget();
  ASSERT_TRUE(world.until([&] { return stepd.exited; }));
  EXPECT_FALSE(platform::path_exists(stepd.socket));
}

TEST(Batch, a_daemon_that_dies_before_the_plan_takes_the_supervisor_along) {
  World world;
  Stepd& stepd = world.spawn(wire::StepStart());  // refused: it says so and goes
  ASSERT_TRUE(world.until([&] { return stepd.exited; }));
  ASSERT_FALSE(stepd.parent.statuses.empty());
  EXPECT_NE(stepd.parent.statuses.back().failure(), "");
}

// What a script of 16 MiB ends with; nothing where the kernel does not count.
std::optional<StepResult> run_in_little_memory(const std::string& script) {
  World world;
  const auto containment = platform::open_containment("/sys/fs/cgroup", world.work());
  if (containment->description().starts_with("process groups")) {
    return std::nullopt;
  }
  const std::string container = "test-stepd-" + std::to_string(::getpid()) + "/n1/job_12.1/step_b";
  platform::ContainerLimits limits;
  limits.memory_bytes = 16 << 20;
  EXPECT_TRUE(containment->create(container, limits));
  auto start = world.batch("#!/bin/sh\n" + script);
  start.set_container(container);
  start.set_containment(containment->description());
  const auto result = run(world, start);
  EXPECT_TRUE(containment->remove(container.substr(0, container.find("/job"))));
  return result;
}

TEST(Batch, lack_of_memory_is_told_from_other_kills) {
  const auto result =
      run_in_little_memory("head -c 200M /dev/zero | tail -c 100M | wc -c\nexit 9\n");
  if (!result) GTEST_SKIP() << "no cgroups";
  EXPECT_EQ(result->cause, EndCause::out_of_memory);
  EXPECT_GT(result->usage.memory_peak_bytes, 8 << 20);
}

TEST(Batch, lack_of_memory_is_told_also_when_the_script_went_on_and_ended_well) {
  const auto result =
      run_in_little_memory("head -c 200M /dev/zero | tail -c 100M | wc -c\nexit 0\n");
  if (!result) GTEST_SKIP() << "no cgroups";
  EXPECT_EQ(result->cause, EndCause::out_of_memory);
  EXPECT_EQ(result->exit_code, 0);
  EXPECT_EQ(result->detail.find("the kernel killed "), 0U) << result->detail;
}

TEST(Batch, a_kill_that_is_not_the_kernels_is_no_lack_of_memory) {
  const auto result = run_in_little_memory("sh -c 'kill -9 $$'\nexit 9\n");
  if (!result) GTEST_SKIP() << "no cgroups";
  EXPECT_EQ(result->cause, EndCause::finished);
}

}  // namespace
}  // namespace cox::stepd
