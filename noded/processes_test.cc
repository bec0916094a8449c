// What is read of a process, and what of it is shown.
#include "noded/processes.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/process.h"

namespace cox::noded {
namespace {

using namespace std::string_literals;

TEST(Processes, the_rank_is_that_of_the_environment) {
  EXPECT_EQ(rank_in("HOME=/\0COX_RANK=12\0A=B\0"s), 12U);
  EXPECT_EQ(rank_in("COX_RANK=0"), 0U);
  EXPECT_FALSE(rank_in("XCOX_RANK=1\0COX_RANKS=2\0COX_RANK=x\0COX_RANK=-1\0COX_RANK=99999999999"s));
  EXPECT_FALSE(rank_in(""));
}

TEST(Processes, words_are_shown_in_one_line_without_what_a_terminal_would_obey) {
  EXPECT_EQ(command_text("./solver\0-n\0a b\0"s), "./solver -n a b");
  EXPECT_EQ(command_text("a\033[2J\nb\x7f\0"s), "a?[2J?b?");
  EXPECT_EQ(command_text(""), "");
  EXPECT_EQ(command_text(std::string(300, 'x')).size(), 203U);
}

TEST(Processes, of_this_machine_are_reported_and_ended_ones_left_out) {
  platform::SpawnRequest request;
  request.program = "sleep";
  request.argv = {"sleep", "1000"};
  request.environment = {"COX_RANK=3"};
  const auto spawned = platform::spawn(request);
  ASSERT_TRUE(spawned) << spawned.error().message;
  platform::SpawnRequest brief = request;
  brief.program = brief.argv[0] = "true";
  brief.argv = {"true"};
  const auto ended = platform::spawn(brief);
  ASSERT_TRUE(ended);
  ASSERT_TRUE(platform::wait_for(ended->pid));
  const auto look = [&] { return process_report({{StepId{4}, {ended->pid, spawned->pid}}}); };
  auto report = look();
  // A spawn is over when the program's memory is there, a moment before its environment and words
  // are in it.
  while (report.processes_size() == 1 && !report.processes(0).has_task()) report = look();
  ::kill(spawned->pid, SIGKILL);
  ASSERT_TRUE(platform::wait_for(spawned->pid));
  ASSERT_EQ(report.processes_size(), 1);
  const wire::Process& process = report.processes(0);
  EXPECT_EQ(process.step(), 4U);
  EXPECT_EQ(process.pid(), spawned->pid);
  EXPECT_EQ(process.parent(), ::getpid());
  EXPECT_EQ(process.uid(), ::geteuid());
  EXPECT_EQ(process.task(), 3U);
  EXPECT_EQ(process.command(), "sleep 1000");
  EXPECT_GT(process.memory_bytes(), 0);
}

TEST(Processes, of_every_user_have_a_name_or_their_number) {
  wire::Processes report;
  report.add_processes()->set_uid(1001);
  report.add_processes()->set_uid(0);
  report.add_processes()->set_uid(4'000'000'001U);
  UserIdentity owner;
  owner.uid = 1001;
  owner.name = "ada";
  put_users(owner, &report);
  EXPECT_EQ(report.processes(0).user(), "ada") << "as the controller says";
  EXPECT_EQ(report.processes(1).user(), "root");
  EXPECT_EQ(report.processes(2).user(), "4000000001");
}

}  // namespace
}  // namespace cox::noded
