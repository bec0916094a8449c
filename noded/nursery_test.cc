// The real coxstepd as a nursery of this process.
#include "noded/nursery.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "noded/stepd/nursery.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::noded {
namespace {

std::string stepd_program() {
  const std::string daemon = COXNODED_PATH;
  return daemon.substr(0, daemon.rfind('/')) + "/coxstepd";
}

// Asks again, at most some 20 s, until `holds`.
bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::sched_yield();
  }
  return true;
}

std::string command_line(int pid) {
  return platform::read_file("/proc/" + std::to_string(pid) + "/cmdline", 64U << 10).value_or("");
}

// Children of this process that serve as nurseries.
std::vector<int> nurseries() {
  std::vector<int> found;
  for (const platform::ProcessInfo& info : platform::all_processes()) {
    const bool is_ours = info.parent == ::getpid() && platform::is_running(info.pid);
    if (is_ours && command_line(info.pid).find(stepd::nursery_argument) != std::string::npos) {
      found.push_back(info.pid);
    }
  }
  return found;
}

// A supervisor without a plan; the end of its socket ends it.
struct Newborn {
  int pid = 0;
  platform::Descriptor link;

  int wait() {
    link.reset();
    const auto status = platform::wait_for(pid);
    return status ? platform::exit_code_of(*status) : -1;
  }
};

class NurseryTest : public ::testing::Test {
 protected:
  Newborn bear(const std::string& socket_path) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const platform::Descriptor theirs(ends[1]);
    Newborn newborn;
    newborn.link.reset(ends[0]);
    const auto birth = nursery_.bear(socket_path, theirs.get());
    EXPECT_TRUE(birth) << (birth ? "" : birth.error().message);
    newborn.pid = birth.value_or(stepd::Birth{}).pid;
    return newborn;
  }

  std::unique_ptr<platform::Loop> loop_ = std::move(*platform::Loop::open());
  Log log_;
  Nursery nursery_{*loop_, log_, stepd_program(), false};
};

TEST_F(NurseryTest, ASupervisorIsAChildOfTheDaemonAndNamesItsStep) {
  const std::string path = "/run/coxswain/steps-n1/12.1.";
  Newborn newborn = bear(path + std::to_string(step_batch.value));
  EXPECT_EQ(platform::process_info(newborn.pid)->parent, ::getpid());
  const std::string named = std::string("coxstepd") + '\0' + path + "batch" + '\0';
  EXPECT_TRUE(eventually([&] { return command_line(newborn.pid).starts_with(named); }));
  const auto info = [&] { return *platform::process_info(newborn.pid); };
  EXPECT_TRUE(eventually([&] { return info().group == newborn.pid; }));
  EXPECT_NE(info().session, platform::process_info(::getpid())->session) << "has our terminal";
  EXPECT_EQ(newborn.wait(), 0);
}

TEST_F(NurseryTest, APathLongerThanItsRoomIsCutInTheCommandLineOnly) {
  Newborn newborn = bear("/" + std::string(2 * stepd::nursery_room, 'x'));
  EXPECT_TRUE(eventually(
      [&] { return command_line(newborn.pid).find(std::string(300, 'x')) != std::string::npos; }));
  EXPECT_EQ(newborn.wait(), 0);
}

TEST_F(NurseryTest, ADeadOneIsReplacedAndItsSupervisorsLive) {
  Newborn first = bear("/first");
  int dead = 0;
  ASSERT_TRUE(eventually([&] {
    const auto found = nurseries();  // in the middle of its exec a process shows no arguments
    if (found.size() == 1) dead = found.front();
    return dead != 0;
  }));
  ::kill(dead, SIGKILL);
  ASSERT_TRUE(eventually([&] { return !platform::is_running(dead); }));
  Newborn second = bear("/second");
  EXPECT_TRUE(platform::is_running(first.pid));
  EXPECT_EQ(first.wait(), 0);
  EXPECT_EQ(second.wait(), 0);
  EXPECT_TRUE(eventually([] { return nurseries().size() == 1; }));
}

TEST_F(NurseryTest, AGuardEndsAsItsSupervisorDoesAndTellsNobodyBefore) {
  Nursery guarded(*loop_, log_, stepd_program(), true);
  for (const bool is_killed : {false, true}) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    platform::Descriptor ours(ends[0]);
    const auto birth = guarded.bear("/run/steps-n1/12.1.0", platform::Descriptor(ends[1]).get());
    ASSERT_TRUE(birth);
    EXPECT_EQ(platform::process_info(birth->guard)->parent, ::getpid());
    EXPECT_EQ(platform::process_info(birth->pid)->parent, birth->guard);
    EXPECT_TRUE(eventually([&] {
      return command_line(birth->guard).find("guard of /run/steps-n1/12.1.0") != std::string::npos;
    }));
    if (is_killed) {
      ::kill(birth->pid, SIGKILL);
    } else {
      ours.reset();
    }
    const auto status = platform::wait_for(birth->guard);
    ASSERT_TRUE(status);
    EXPECT_EQ(platform::exit_code_of(*status), is_killed ? 128 + SIGKILL : 0);
    EXPECT_FALSE(platform::is_running(birth->pid));
  }
}

TEST_F(NurseryTest, ASupervisorOutlivesItsGuard) {
  Nursery guarded(*loop_, log_, stepd_program(), true);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  platform::Descriptor ours(ends[0]);
  const auto birth = guarded.bear("/run/steps-n1/12.1.0", platform::Descriptor(ends[1]).get());
  ASSERT_TRUE(birth);
  ::kill(birth->guard, SIGKILL);
  ASSERT_TRUE(platform::wait_for(birth->guard));
  EXPECT_TRUE(platform::is_running(birth->pid));
  ours.reset();
  EXPECT_TRUE(eventually([&] { return !platform::is_running(birth->pid); }));
}

TEST_F(NurseryTest, EndsWithTheDaemon) {
  {
    Nursery other(*loop_, log_, stepd_program(), false);
    ASSERT_TRUE(other.open());
    EXPECT_TRUE(eventually([] { return nurseries().size() == 1; }));
  }
  EXPECT_TRUE(eventually([] { return nurseries().empty(); }));
}

TEST_F(NurseryTest, AProgramThatIsMissingIsNamed) {
  Nursery none(*loop_, log_, "/nonexistent/coxstepd", false);
  const auto opened = none.open();
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("/nonexistent/coxstepd"), std::string::npos);
}

}  // namespace
}  // namespace cox::noded
