// What a killed supervisor leaves, with cgroups and without, and what is not touched beside it.
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "noded/played_controller.h"

namespace cox::noded {
namespace {

TEST(NodeDaemonOrphans, tasks_of_a_killed_supervisor_are_killed_and_the_job_is_told_lost) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "echo $PPID > parent; echo $$ > task.new; mv task.new task; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("task"));
  const int supervisor = std::stoi(controller.file("parent"));
  ASSERT_GT(supervisor, 1);
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(static_cast<EndCause>(controller.closed_[0].batch_result().cause()),
            EndCause::supervisor_lost);
  const int task = std::stoi(controller.file("task"));
  EXPECT_FALSE(platform::is_running(task)) << task;
  controller.acknowledge(7);
  EXPECT_TRUE(controller.run_until_exists("attempts-n1/7.1", false));
}

// It leaves its session, its parent and its environment, and so every sign by which it was found.
constexpr const char* leaves_a_stray = R"((setsid env -i sh -c '
  (setsid env -i sh -c "echo \$\$ > inner.new; mv inner.new inner; exec sleep 1000" &)
  echo $$ > stray.new; mv stray.new stray; exec sleep 1000' &)
while [ ! -e inner ] || [ ! -e stray ]; do sleep 0.01; done
echo $PPID > parent.new; mv parent.new parent; sleep 1000)";

enum class Killed { supervisor, guard_and_supervisor };

/// Of job 7, whose supervisor is killed.
void expect_strays_killed(PlayedController& controller, Killed killed = Killed::supervisor) {
  controller.run_job(7, leaves_a_stray);
  ASSERT_TRUE(controller.run_until_exists("parent"));
  const int supervisor = std::stoi(controller.file("parent"));
  if (killed == Killed::guard_and_supervisor) {
    ::kill(platform::process_info(supervisor)->parent, SIGKILL);
  }
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(controller.run_until_closed());
  for (const char* name : {"stray", "inner"}) {
    const int stray = std::stoi(controller.file(name));
    EXPECT_TRUE(controller.run_until_seen([&] { return !platform::is_running(stray); })) << name;
    ::kill(stray, SIGKILL);
  }
}

TEST(NodeDaemonOrphans, a_stray_of_a_killed_supervisor_is_killed_also_without_cgroups) {
  PlayedController controller;
  const auto node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  if (!controller.has_process_groups()) GTEST_SKIP() << "this user has cgroups";
  controller.run_job(8, "echo $$ > other.new; mv other.new other; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("other"));
  ASSERT_NO_FATAL_FAILURE(expect_strays_killed(controller));
  // Nothing else is: neither the nursery, a child in another session too, nor what it forked.
  EXPECT_TRUE(platform::is_running(std::stoi(controller.file("other"))));
  controller.acknowledge(7);
  controller.closed_.clear();
  controller.close_job(8);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(static_cast<EndCause>(controller.closed_[0].batch_result().cause()),
            EndCause::cancelled);
  EXPECT_TRUE(controller.finish(8));
}

// The daemon that began the job was killed: its children went to others, strays after them.
TEST(NodeDaemonOrphans, a_stray_is_killed_although_its_supervisor_was_adopted) {
  PlayedController controller;
  auto node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  if (!controller.has_process_groups()) GTEST_SKIP() << "this user has cgroups";
  controller.run_job(7, leaves_a_stray);
  ASSERT_TRUE(controller.run_until_exists("parent"));
  node->end(SIGKILL);
  node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  ::kill(std::stoi(controller.file("parent")), SIGKILL);
  ASSERT_TRUE(controller.run_until_closed());
  for (const char* name : {"stray", "inner"}) {
    const int stray = std::stoi(controller.file(name));
    EXPECT_FALSE(platform::is_running(stray)) << name << " runs, and the cores are free";
    ::kill(stray, SIGKILL);
  }
}

// They come to the daemon. The children of one that has run nothing else are few: none of them may
// be overlooked.
TEST(NodeDaemonOrphans, a_stray_is_killed_also_where_the_guard_is_dead) {
  PlayedController controller;
  const auto node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  if (!controller.has_process_groups()) GTEST_SKIP() << "this user has cgroups";
  ASSERT_NO_FATAL_FAILURE(expect_strays_killed(controller, Killed::guard_and_supervisor));
  controller.acknowledge(7);
  EXPECT_TRUE(controller.run_until_exists("attempts-n1/7.1", false));
}

/// Without cgroups, a prolog that leaves two processes: one ends at once, the other stays.
constexpr const char* leaves_two = R"sh(cd "$(dirname "$0")"
(setsid sh -c 'echo $$ > brief.new; mv brief.new brief' &)
(setsid sh -c 'echo $$ > service.new; mv service.new service; exec sleep 1000' &)
while [ ! -e brief ] || [ ! -e service ]; do sleep 0.01; done)sh";

TEST(NodeDaemonOrphans, what_a_prolog_leaves_is_spared_and_waited_for_when_it_ends) {
  PlayedController controller;
  const auto node = controller.start_node_without_cgroups();
  ASSERT_TRUE(controller.run_until_registered());
  if (!controller.has_process_groups()) GTEST_SKIP() << "this user has cgroups";
  controller.programs_.prolog = controller.add_program("prolog", leaves_two);
  ASSERT_NO_FATAL_FAILURE(expect_strays_killed(controller, Killed::guard_and_supervisor));
  const int service = std::stoi(controller.file("service"));
  EXPECT_TRUE(platform::is_running(service));
  ::kill(service, SIGKILL);
  for (const char* name : {"brief", "service"}) {
    const int pid = std::stoi(controller.file(name));
    EXPECT_TRUE(controller.run_until_seen([&] { return ::kill(pid, 0) != 0; })) << name;
  }
}

}  // namespace
}  // namespace cox::noded
