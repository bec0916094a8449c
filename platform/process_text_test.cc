// What is said of processes, of our own and of one that stands still.
#include "platform/process_text.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace cox::platform {
namespace {

TEST(ProcessText, names_the_program_and_its_state) {
  const std::string text = process_text(::getpid());
  const std::string head = "pid " + std::to_string(::getpid()) + " (";
  EXPECT_EQ(text.substr(0, head.size()), head);
  EXPECT_NE(text.find(") in state R"), std::string::npos) << text;
}

TEST(ProcessText, says_that_a_process_is_stopped) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  ASSERT_GT(pid, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
  EXPECT_NE(process_text(pid).find(") in state T"), std::string::npos) << process_text(pid);
  ::kill(pid, SIGKILL);
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(process_text(pid), "");
}

TEST(ProcessText, counts_those_beyond_the_limit) {
  const int self = ::getpid();
  const std::string text = processes_text({self, self, self}, 1);
  EXPECT_TRUE(text.ends_with(", and 2 more")) << text;
  EXPECT_EQ(processes_text({}, 3), "");
}

}  // namespace
}  // namespace cox::platform
