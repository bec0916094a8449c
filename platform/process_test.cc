// Spawning: exact descriptors, environment, directory, signals; processes told apart by start.
#include "platform/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

struct Finished {
  int exit_code = 0;
  std::string output;
};

/// Runs a shell line with its output in a pipe, to its end.
Finished run(const std::string& line, SpawnRequest request = {}) {
  int ends[2] = {-1, -1};
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  request.argv = {"sh", "-c", line};
  request.descriptors[1] = ends[1];
  auto child = spawn(request);
  ::close(ends[1]);
  EXPECT_TRUE(child) << child.error().message;
  Finished out;
  if (child) {
    out.output = read_all(ends[0], "pipe", 1U << 20).value_or("");
    out.exit_code = exit_code_of(wait_for(child->pid).value_or(-1));
  }
  ::close(ends[0]);
  return out;
}

TEST(Spawn, GivesTheChildExactlyTheDescriptorsNamed) {
  const int leak = ::open("/dev/null", O_RDONLY);  // not closed on exec
  ASSERT_GE(leak, 0);
  SpawnRequest request;
  request.descriptors[4] = leak;
  const auto child = run("ls /proc/$$/fd; true", request);
  ::close(leak);
  EXPECT_EQ(child.output, "0\n1\n2\n4\n");
}

TEST(Spawn, HandsDescriptorsOnWhoseNumbersCross) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "a", "A"));
  ASSERT_TRUE(write_file_atomic(dir / "b", "B"));
  const int a = ::open((dir / "a").c_str(), O_RDONLY | O_CLOEXEC);
  const int b = ::open((dir / "b").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_TRUE(a >= 3 && b >= 3 && a <= 9 && b <= 9) << a << " " << b;
  SpawnRequest request;
  request.descriptors[a] = b;
  request.descriptors[b] = a;
  const auto child = run("cat <&" + std::to_string(a) + "; cat <&" + std::to_string(b), request);
  ::close(a);
  ::close(b);
  EXPECT_EQ(child.output, "BA");
}

TEST(Spawn, PassesEnvironmentDirectoryAndExitCode) {
  SpawnRequest request;
  request.environment = {"X=1 2"};
  request.directory = "/usr";
  const auto child = run("printf '%s:' \"$X\"; pwd; exit 7", request);
  EXPECT_EQ(child.output, "1 2:/usr\n");
  EXPECT_EQ(child.exit_code, 7);
  EXPECT_EQ(run("kill -9 $$").exit_code, 137);
}

TEST(Spawn, StartsWithNoSignalBlockedOrIgnored) {
  sigset_t blocked{};
  sigset_t before{};
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  const auto by_term = run("kill -TERM $$; exit 3");
  const auto by_pipe = run("kill -PIPE $$; exit 3");
  ::signal(SIGPIPE, old);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(by_term.exit_code, 128 + SIGTERM);
  EXPECT_EQ(by_pipe.exit_code, 128 + SIGPIPE);
}

TEST(Spawn, NamesTheProgramOrDirectoryAtFault) {
  SpawnRequest request;
  request.argv = {"/nonexistent/program"};
  const auto missing = spawn(request);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_EQ(missing.error().message, "start /nonexistent/program: no such file or directory");
  request.argv = {"no-such-program-anywhere"};
  EXPECT_EQ(spawn(request).error().code, Code::not_found);
  request.argv = {"true"};
  request.directory = "/nonexistent";
  EXPECT_EQ(spawn(request).error().message, "enter /nonexistent: no such file or directory");
  request.argv.clear();
  EXPECT_EQ(spawn(request).error().code, Code::bad_usage);
}

TEST(Spawn, GivesAPidfdThatTellsTheEnd) {
  SpawnRequest request;
  request.argv = {"true"};
  const auto child = spawn(request);
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->pidfd.is_open());
  pollfd waited{child->pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waited, 1, 20'000), 1);
  EXPECT_FALSE(is_running(child->pid));
  EXPECT_EQ(wait_for(child->pid).value(), 0);
  EXPECT_FALSE(wait_for(child->pid));
}

TEST(Process, IsSignalledOnlyWhenItIsTheOneMeant) {
  SpawnRequest request;
  request.argv = {"sleep", "1000"};
  request.new_session = true;
  const auto child = spawn(request);
  ASSERT_TRUE(child);
  const auto info = process_info(child->pid);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->parent, ::getpid());
  EXPECT_EQ(info->session, child->pid);
  EXPECT_TRUE(is_running(child->pid));
  EXPECT_EQ(signal_process(child->pid, info->start_ticks + 1, SIGKILL), false);
  EXPECT_TRUE(is_running(child->pid));
  EXPECT_EQ(signal_process(child->pid, info->start_ticks, SIGKILL), true);
  EXPECT_EQ(exit_code_of(wait_for(child->pid).value()), 137);
  EXPECT_EQ(signal_process(child->pid, info->start_ticks, SIGKILL), false);
}

TEST(Process, FindsItselfAmongAllProcesses) {
  bool found = false;
  for (const ProcessInfo& info : all_processes()) found = found || info.pid == ::getpid();
  EXPECT_TRUE(found);
  EXPECT_TRUE(path_exists(own_program()));
}

}  // namespace
}  // namespace cox::platform
