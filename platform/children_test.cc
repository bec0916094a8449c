// The list of children: whole, however long it is.
#include "platform/children.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

namespace cox::platform {
namespace {

TEST(Children, EveryOneIsListedUntilItIsWaitedFor) {
  std::vector<int> made;
  for (int i = 0; i < 12; ++i) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
    made.push_back(pid);
  }
  ::kill(made.back(), SIGKILL);  // dead ones too
  const std::vector<int> found = own_children();
  for (const int pid : made) {
    EXPECT_NE(std::ranges::find(found, pid), found.end()) << pid;
    ::kill(pid, SIGKILL);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  }
}

}  // namespace
}  // namespace cox::platform
