// Containment on the real kernel where this user may, and cgroup v2's limits on a recorded tree.
#include "platform/container.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "platform/container_backends.h"
#include "platform/file.h"
#include "platform/process.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

const std::string cluster = "test_" + std::to_string(::getpid());
const std::string node = cluster + "/n1";
const std::string job = node + "/job_1.1";
const std::string step = job + "/step_0";

/// Runs `line` in a shell inside `path`. The shell waits for a byte before it starts, so that it
/// is in its container first.
pid_t start_inside(Containment* containment, const std::string& path, const std::string& line) {
  int gate[2] = {-1, -1};
  EXPECT_EQ(::pipe2(gate, O_CLOEXEC), 0);
  SpawnRequest request;
  request.argv = {"sh", "-c", "read go; " + line};
  request.environment = current_environment();
  if (const std::string marker = containment->marker(path); !marker.empty()) {
    request.environment.push_back(marker);
  }
  request.new_session = true;
  request.descriptors[0] = gate[0];
  const auto child = spawn(request);
  EXPECT_TRUE(child);
  EXPECT_TRUE(containment->enter(path, child->pid));
  EXPECT_TRUE(write_all(gate[1], "gate", "go\n"));
  ::close(gate[0]);
  ::close(gate[1]);
  return child->pid;
}

/// Asks again, at most some 20 s, until `holds`.
bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::sched_yield();
  }
  return true;
}

bool kill_to_the_end(Containment* containment, const std::string& path) {
  return eventually([&] { return containment->kill_all(path, SIGKILL).value_or(1) == 0; });
}

/// What every backend must do, on the real kernel.
class RealContainer : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string root = "/sys/fs/cgroup";
    if (GetParam() == "process groups") {
      containment_ = open_process_groups(dir_.path(), "asked for by the test");
    } else if (GetParam() == "cgroup v1") {
      if (const auto lacks = cgroup_v1_lacks(root)) GTEST_SKIP() << *lacks;
      containment_ = open_cgroup_v1(root, favor_quick_moves());
    } else {
      const std::string mount =
          path_exists(root + "/cgroup.controllers") ? root : root + "/unified";
      if (!path_exists(mount + "/cgroup.controllers")) GTEST_SKIP() << "no cgroup v2 in " << root;
      if (::access(mount.c_str(), W_OK) != 0) GTEST_SKIP() << mount << " is not writable";
      containment_ = open_cgroup_v2(mount, favor_quick_moves());
    }
    ASSERT_TRUE(containment_->create(job, {}));
    ASSERT_TRUE(containment_->create(step, {}));
  }

  void TearDown() override {
    if (!containment_) return;
    EXPECT_TRUE(kill_to_the_end(containment_.get(), node));
    for (const pid_t child : children_) static_cast<void>(wait_for(child));
    EXPECT_TRUE(eventually([&] { return containment_->remove(node).has_value(); }));
    EXPECT_TRUE(containment_->children(cluster).empty());
  }

  pid_t start(const std::string& line) {
    children_.push_back(start_inside(containment_.get(), step, line));
    return children_.back();
  }

  bool has_processes(std::size_t count) {
    return eventually([&] { return containment_->processes(step).size() == count; });
  }

  ScratchDir dir_;
  std::unique_ptr<Containment> containment_;
  std::vector<pid_t> children_;
};

TEST_P(RealContainer, EveryCallMayBeRepeated) {
  EXPECT_TRUE(containment_->create(step, {}));
  EXPECT_EQ(containment_->children(job), std::vector<std::string>{"step_0"});
  EXPECT_EQ(containment_->kill_all(step, SIGKILL), 0U);
  EXPECT_TRUE(containment_->remove(job));
  EXPECT_TRUE(containment_->remove(job));
  EXPECT_EQ(containment_->kill_all(job, SIGKILL), 0U);
  EXPECT_TRUE(containment_->freeze(job, true));
  EXPECT_TRUE(containment_->freeze(job, false));
  EXPECT_TRUE(containment_->usage(job));
  EXPECT_TRUE(containment_->processes(job).empty());
  EXPECT_TRUE(containment_->children(job).empty());
  EXPECT_FALSE(containment_->enter(step, 0)) << "nobody may run outside a container";
}

TEST_P(RealContainer, PathsCannotLeaveTheTree) {
  for (const std::string path : {"", "..", "a/../b", "a//b", "/a", "a/", "a/./b", "/.", "../."}) {
    EXPECT_FALSE(containment_->create(path, {})) << path;
    EXPECT_FALSE(containment_->remove(path)) << path;
    EXPECT_TRUE(containment_->processes(path).empty()) << path;
  }
}

TEST_P(RealContainer, HoldsChildrenAndIsNotRemovedWhileTheyRun) {
  start("sleep 1000 & sleep 1000 & wait");
  ASSERT_TRUE(has_processes(3));
  EXPECT_EQ(containment_->processes(job).size(), 3U);
  const auto refused = containment_->remove(job);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::refused);
  EXPECT_TRUE(kill_to_the_end(containment_.get(), job));
}

TEST_P(RealContainer, FindsAndKillsADaemonisedProcess) {
  // Two sessions away from the shell, its parents gone: only the container still knows it.
  const pid_t shell = start("setsid sh -c 'setsid sleep 1000 &' ; exit 0");
  ASSERT_TRUE(has_processes(1));
  ASSERT_TRUE(wait_for(shell));
  children_.clear();
  // In the middle of its exec a process shows neither owner nor environment: looked at again.
  int daemon = 0;
  ASSERT_TRUE(eventually([&] {
    const auto found = containment_->processes(step);
    if (found.size() == 1) daemon = found.front();
    return daemon != 0;
  }));
  EXPECT_NE(daemon, shell);
  EXPECT_TRUE(is_running(daemon));
  EXPECT_TRUE(kill_to_the_end(containment_.get(), step));
  EXPECT_TRUE(eventually([&] { return !is_running(daemon); }));
}

TEST_P(RealContainer, KillsThoseWhoForkMeanwhile) {
  start("while :; do (while :; do :; done) & sleep 0.001; done");
  ASSERT_TRUE(eventually([&] { return containment_->processes(step).size() > 4; }));
  EXPECT_TRUE(kill_to_the_end(containment_.get(), job));
}

TEST_P(RealContainer, FrozenProcessesStandStillAndCanBeKilled) {
  const pid_t shell = start("while :; do :; done");
  ASSERT_TRUE(has_processes(1));
  ASSERT_TRUE(containment_->freeze(step, true));
  // A busy loop is always in state R, unless it is frozen (D, S) or stopped (T).
  EXPECT_TRUE(eventually([&] { return process_info(shell)->state != 'R'; }));
  EXPECT_EQ(containment_->processes(step).size(), 1U);
  EXPECT_TRUE(kill_to_the_end(containment_.get(), step));
  EXPECT_EQ(exit_code_of(wait_for(shell).value()), 128 + SIGKILL);
  children_.clear();
}

TEST_P(RealContainer, PassesOtherSignalsOn) {
  const pid_t shell = start("trap 'exit 5' TERM; while :; do :; done");
  ASSERT_TRUE(has_processes(1));
  EXPECT_TRUE(eventually([&] {
    const auto left = containment_->kill_all(step, SIGTERM);
    return left && *left == 0;
  }));
  const int status = exit_code_of(wait_for(shell).value());
  EXPECT_TRUE(status == 5 || status == 128 + SIGTERM) << status;  // TERM may come before the trap
  children_.clear();
}

TEST_P(RealContainer, CountsProcessorTime) {
  start("while :; do :; done");
  EXPECT_TRUE(eventually([&] {
    const Usage usage = containment_->usage(step)->usage;
    return usage.user_us + usage.system_us > 20'000;
  }));
}

// Trap 19: cgroup directories never removed until the hierarchy is full.
TEST_P(RealContainer, Trap19NoDirectoryIsLeftBehind) {
  // Process groups look at every process of the machine at each removal.
  const int attempts = GetParam() == "process groups" ? 20 : 200;
  for (int attempt = 1; attempt <= attempts; ++attempt) {
    const std::string path = node + "/job_2." + std::to_string(attempt);
    ASSERT_TRUE(containment_->create(path, {}));
    ASSERT_TRUE(containment_->create(path + "/step_0", {}));
    ASSERT_TRUE(containment_->remove(path));
  }
  EXPECT_EQ(containment_->children(node), std::vector<std::string>{"job_1.1"});
  EXPECT_TRUE(containment_->remove(node));
  for (const char* hierarchy : {"cpuset", "memory", "freezer", "cpuacct", "pids", "unified"}) {
    EXPECT_FALSE(path_exists(std::string("/sys/fs/cgroup/") + hierarchy + "/coxswain/" + cluster));
  }
  EXPECT_FALSE(path_exists(dir_ / "groups"));
}

INSTANTIATE_TEST_SUITE_P(Backends,
                         RealContainer,
                         ::testing::Values("cgroup v1", "cgroup v2", "process groups"),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

class CgroupV1Limits : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const auto lacks = cgroup_v1_lacks("/sys/fs/cgroup")) GTEST_SKIP() << *lacks;
    containment_ = open_cgroup_v1("/sys/fs/cgroup", favor_quick_moves());
  }

  void TearDown() override {
    if (containment_ && !containment_->remove(node)) ADD_FAILURE() << "not removed: " << node;
  }

  std::unique_ptr<Containment> containment_;
};

TEST_F(CgroupV1Limits, BindProcessesToTheirCpus) {
  ASSERT_TRUE(containment_->create(job, {.cpus = "0", .memory_nodes = "0", .memory_bytes = 0}));
  ASSERT_TRUE(containment_->create(step, {}));
  const pid_t shell =
      start_inside(containment_.get(), step, "grep -q 'Cpus_allowed_list:.0$' /proc/self/status");
  EXPECT_EQ(exit_code_of(wait_for(shell).value()), 0);
}

TEST_F(CgroupV1Limits, MoreMemoryThanAllowedIsAnOomKillAndThePeakIsKept) {
  const std::int64_t limit = 32 << 20;
  ASSERT_TRUE(containment_->create(job, {.cpus = "", .memory_nodes = "", .memory_bytes = limit}));
  ASSERT_TRUE(containment_->create(step, {}));
  // One process alone grows: a second one could be killed too before the first has given back.
  const std::string grow = "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null; exit $?";
  const pid_t shell = start_inside(containment_.get(), step, grow);
  EXPECT_EQ(exit_code_of(wait_for(shell).value()), 128 + SIGKILL);
  EXPECT_EQ(containment_->usage(step)->oom_kills, 1U);
  EXPECT_EQ(containment_->usage(job)->oom_kills, 1U);
  const std::int64_t peak = containment_->usage(job)->usage.memory_peak_bytes;
  EXPECT_GT(peak, limit / 2);
  EXPECT_LE(peak, limit);
}

TEST_F(CgroupV1Limits, ProcessesOfAContainerItselfAreApartFromThoseBelow) {
  const std::string itself = job + "/.";
  ASSERT_TRUE(containment_->create(job, {}));
  ASSERT_TRUE(containment_->create(itself, {}));
  const std::string line =
      "dd if=/dev/zero of=/dev/null bs=1M count=1 2>/dev/null; while :; do :; done";
  const pid_t here = start_inside(containment_.get(), itself, line);
  EXPECT_TRUE(eventually([&] { return containment_->usage(itself)->usage.memory_peak_bytes > 0; }));
  ASSERT_TRUE(containment_->create(step, {}));
  EXPECT_EQ(containment_->usage(itself)->usage.memory_peak_bytes, 0) << "cannot be told any more";
  const pid_t below = start_inside(containment_.get(), step, line);
  EXPECT_TRUE(
      eventually([&] { return containment_->processes(itself) == std::vector<int>{here}; }));
  EXPECT_TRUE(eventually([&] { return containment_->processes(job).size() == 2; }));
  EXPECT_TRUE(containment_->remove(itself)) << "there is nothing to remove";
  EXPECT_TRUE(kill_to_the_end(containment_.get(), itself));
  EXPECT_EQ(exit_code_of(wait_for(here).value()), 128 + SIGKILL);
  EXPECT_TRUE(is_running(below));
  const std::int64_t used = containment_->usage(step)->usage.user_us;
  EXPECT_TRUE(eventually([&] { return containment_->usage(step)->usage.user_us > used; }))
      << "it is frozen";
  EXPECT_TRUE(kill_to_the_end(containment_.get(), job));
  EXPECT_EQ(exit_code_of(wait_for(below).value()), 128 + SIGKILL);
}

TEST_F(CgroupV1Limits, MemoryLimitsMayGrowAndShrink) {
  for (const std::int64_t limit : {64 << 20, 256 << 20, 32 << 20}) {
    ASSERT_TRUE(containment_->create(job, {.cpus = "", .memory_nodes = "", .memory_bytes = limit}));
    const std::string file = "/sys/fs/cgroup/memory/coxswain/" + job + "/memory.limit_in_bytes";
    EXPECT_EQ(read_number(file), limit);
  }
}

TEST_F(CgroupV1Limits, ACpuThatDoesNotExistIsRefusedByName) {
  const auto refused =
      containment_->create(job, {.cpus = "99999", .memory_nodes = "", .memory_bytes = 0});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("99999"), std::string::npos) << refused.error().message;
}

/// A directory that looks as a cgroup v2 mount does before Coxswain touched it.
class CgroupV2Recorded : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(write_file_atomic(dir_ / "cgroup.controllers", "cpuset cpu io memory pids\n"));
    ASSERT_TRUE(write_file_atomic(dir_ / "cgroup.subtree_control", "pids\n"));
    containment_ = open_cgroup_v2(dir_.path());
  }

  std::string value(const std::string& file) { return read_value(dir_ / file).value_or("absent"); }

  ScratchDir dir_;
  std::unique_ptr<Containment> containment_;
};

TEST_F(CgroupV2Recorded, WritesLimitsAndHandsControllersDownFromTheTop) {
  const ContainerLimits limits{.cpus = "0-3,8", .memory_nodes = "0-1", .memory_bytes = 1 << 30};
  ASSERT_TRUE(containment_->create(job, limits));
  ASSERT_TRUE(containment_->create(step, {}));
  const std::string base = "coxswain/" + job;
  EXPECT_EQ(value(base + "/cpuset.cpus"), "0-3,8");
  EXPECT_EQ(value(base + "/cpuset.mems"), "0-1");
  EXPECT_EQ(value(base + "/memory.max"), "1073741824");
  EXPECT_EQ(value(base + "/memory.swap.max"), "0");
  for (const std::string& level :
       std::vector<std::string>{"", "coxswain/", "coxswain/" + cluster + "/", base + "/"}) {
    EXPECT_EQ(value(level + "cgroup.subtree_control"), "+cpuset +memory") << level;
  }
  EXPECT_EQ(value(base + "/step_0/cgroup.subtree_control"), "absent") << "leaves hold processes";
  EXPECT_EQ(value(base + "/step_0/memory.max"), "absent");
}

TEST_F(CgroupV2Recorded, ReadsUsageAsTheKernelCountsIt) {
  ASSERT_TRUE(containment_->create(job, {}));
  const std::string base = dir_ / ("coxswain/" + job);
  ASSERT_TRUE(write_file_atomic(base + "/cpu.stat",
                                "usage_usec 15\nuser_usec 10\nsystem_usec 5\nnr_periods 0\n"));
  ASSERT_TRUE(write_file_atomic(base + "/memory.events", "low 0\noom 3\noom_kill 2\n"));
  ASSERT_TRUE(write_file_atomic(base + "/memory.peak", "4096\n"));
  const auto usage = containment_->usage(job);
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->usage, (Usage{10, 5, 4096}));
  EXPECT_EQ(usage->oom_kills, 2U);
}

TEST_F(CgroupV2Recorded, KeepsTheLargestSampleWhereTheKernelHasNoPeak) {
  ASSERT_TRUE(containment_->create(job, {}));
  const std::string base = dir_ / ("coxswain/" + job);
  for (const char* bytes : {"100\n", "700\n", "300\n"}) {
    ASSERT_TRUE(write_file_atomic(base + "/memory.current", bytes));
    ASSERT_TRUE(containment_->usage(job));
  }
  EXPECT_EQ(containment_->usage(job)->usage.memory_peak_bytes, 700);
}

TEST(OpenContainment, TakesV2WhereItHasTheControllers) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "cgroup.controllers", "cpuset memory\n"));
  EXPECT_EQ(open_containment(dir.path(), dir / "state")->description(), "cgroup v2");
  EXPECT_FALSE(path_exists(dir / "coxswain")) << "the probe is gone";
}

TEST(OpenContainment, SaysPlainlyWhyThereAreNoCgroups) {
  const ScratchDir dir;
  EXPECT_EQ(open_containment(dir.path(), dir / "state")->description(),
            "process groups: no cgroup controller cpuset in " + dir.path());
  ASSERT_TRUE(make_directories(dir / "unified"));
  ASSERT_TRUE(write_file_atomic(dir / "unified/cgroup.controllers", "cpu\n"));
  EXPECT_EQ(open_containment(dir.path(), dir / "state")->description(),
            "process groups: cgroup v2 at " + dir.path() + "/unified has no cpuset controller; " +
                "no cgroup controller cpuset in " + dir.path());
}

TEST(OpenContainment, AnotherProcessOpensWhatWasFound) {
  const ScratchDir dir;
  for (const std::string text : {"cgroup v1", "cgroup v2", "process groups: no rights"}) {
    EXPECT_EQ(open_known_containment(dir.path(), dir.path(), text)->description(), text);
  }
}

TEST(ProcessGroups, AreFoundAgainByALaterDaemonAndBindCpus) {
  const ScratchDir dir;
  auto first = open_process_groups(dir.path(), "");
  ASSERT_TRUE(first->create(step, {.cpus = "0", .memory_nodes = "", .memory_bytes = 0}));
  const pid_t shell = start_inside(first.get(), step,
                                   "grep -q 'Cpus_allowed_list:.0$' /proc/self/status && "
                                   "exec sleep 1000");
  first.reset();
  auto second = open_process_groups(dir.path(), "");
  EXPECT_TRUE(eventually(
      [&] { return read_value("/proc/" + std::to_string(shell) + "/comm") == "sleep"; }));
  EXPECT_EQ(second->processes(node), std::vector<int>{shell});
  EXPECT_TRUE(kill_to_the_end(second.get(), node));
  EXPECT_EQ(exit_code_of(wait_for(shell).value()), 137);
}

TEST(ProcessGroups, TakeTheSupervisorsDescendantsWithoutTheSupervisor) {
  const ScratchDir dir;
  auto groups = open_process_groups(dir.path(), "");
  ASSERT_TRUE(groups->create(step, {}));
  SpawnRequest request;  // clears its environment: no marker, and nobody called enter
  request.argv = {"sh", "-c", "env -i setsid sleep 1000 & wait"};
  const auto supervisor = spawn(request);
  ASSERT_TRUE(supervisor);
  ASSERT_TRUE(groups->set_supervisor(step, supervisor->pid));
  EXPECT_TRUE(eventually([&] { return groups->processes(step).size() == 1; }));
  EXPECT_TRUE(kill_to_the_end(groups.get(), step));
  EXPECT_EQ(exit_code_of(wait_for(supervisor->pid).value()), 0);
}

TEST(ProcessGroups, DoNotTakeALaterProcessForARecordedOne) {
  const ScratchDir dir;
  auto groups = open_process_groups(dir.path(), "");
  ASSERT_TRUE(groups->create(step, {}));
  SpawnRequest request;
  request.argv = {"sleep", "1000"};
  request.new_session = true;
  const auto other = spawn(request);
  ASSERT_TRUE(other);
  // The record names the same pid with another start, and one of an earlier boot.
  const auto info = process_info(other->pid);
  const std::string boot = read_value("/proc/sys/kernel/random/boot_id").value();
  const std::string pid = std::to_string(other->pid);
  ASSERT_TRUE(write_file_atomic(dir / ("groups/" + step + "/members"),
                                "member " + boot + " " + pid + " " +
                                    std::to_string(info->start_ticks - 1) + "\nmember x " + pid +
                                    " " + std::to_string(info->start_ticks) + "\n"));
  EXPECT_TRUE(groups->processes(step).empty());
  ASSERT_EQ(::kill(other->pid, SIGKILL), 0);
  ASSERT_TRUE(wait_for(other->pid));
}

}  // namespace
}  // namespace cox::platform
