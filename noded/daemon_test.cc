// A node daemon's life: registering, running, restarting, and what it keeps over that.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "common/text.h"
#include "noded/paths.h"
#include "noded/plans.h"
#include "noded/played_controller.h"
#include "noded/stepd/begin_mark.h"
#include "platform/mark.h"

namespace cox::noded {
namespace {

TEST(NodeDaemon, registers_what_the_machine_is) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  const auto inventory = wire::take(controller.registers_[0].inventory());
  ASSERT_TRUE(inventory) << inventory.error().message;
  EXPECT_EQ(inventory->name, "n1");
  EXPECT_FALSE(inventory->node_class.cores.empty());
  EXPECT_EQ(inventory->node_class.hash, wire::hash_class(inventory->node_class));
  EXPECT_FALSE(inventory->containment.empty());
  EXPECT_EQ(node->end(SIGTERM), 0);
}

TEST(NodeDaemon, a_second_daemon_of_the_same_node_is_refused) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  EXPECT_EQ(controller.start_node()->wait(), 1);
}

TEST(NodeDaemon, a_batch_job_runs_and_leaves_nothing_behind) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7,
                     "echo hello; test -d \"$COX_TMPDIR\" || exit 9; touch $COX_TMPDIR/x; exit 3");
  ASSERT_TRUE(controller.run_until_closed());
  const auto result = wire::take(controller.closed_[0].batch_result());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 3) << result->detail;
  EXPECT_EQ(controller.file("job.out"), "hello\n");
  EXPECT_TRUE(controller.finish(7));
}

// The node's folder among the cgroups is named after its run directory.
TEST(NodeDaemon, Trap19_no_cgroup_directory_is_left_when_the_daemon_stops) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  const auto groups = [&] {
    const auto hash = wire::hash_bytes(controller.dir().path());
    const std::string name =
        "coxswain-" + to_hex({reinterpret_cast<const char*>(hash.bytes.data()), 4});
    std::vector<std::string> found;
    for (const char* hierarchy : {"memory/", "cpuset/", "freezer/", ""}) {
      const std::string path = std::string("/sys/fs/cgroup/") + hierarchy + "coxswain/" + name;
      if (platform::path_exists(path)) found.push_back(path);
    }
    return found;
  };
  controller.run_job(7, "exit 0");
  ASSERT_TRUE(controller.run_until_closed());
  const bool has_cgroups = controller.registers_[0].inventory().containment().find("cgroup v") == 0;
  EXPECT_EQ(!groups().empty(), has_cgroups);
  EXPECT_TRUE(controller.finish(7));
  EXPECT_EQ(node->end(SIGTERM), 0);
  EXPECT_TRUE(groups().empty()) << groups().front();
}

TEST(NodeDaemon, a_job_is_closed_on_request) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "touch started; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("started"));
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, a_job_outlives_its_daemon_and_is_adopted_by_the_next) {
  PlayedController controller;
  auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "touch started; until test -e go; do sleep 0.01; done; echo done; exit 4");
  ASSERT_TRUE(controller.run_until_exists("started"));
  node->end(SIGKILL);
  node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  ASSERT_EQ(controller.registers_.back().held_size(), 1);
  EXPECT_EQ(controller.registers_.back().held(0).job(), 7U);
  EXPECT_FALSE(controller.registers_.back().held(0).closing());
  ASSERT_TRUE(platform::write_file_atomic(controller.dir() / "go", ""));
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(controller.closed_[0].batch_result().exit_code(), 4);
  EXPECT_EQ(controller.file("job.out"), "done\n");
  EXPECT_TRUE(controller.finish(7));
}

/// A node whose daemon was killed when it had noted job 7 and nothing else: its supervisor is not
/// there, and the mark says what it came to, or there is none.
class NotedJob : public ::testing::Test {
 protected:
  void restart_with_note(const std::string& mark) {
    auto node = controller_.start_node();
    ASSERT_TRUE(controller_.run_until_registered());
    controller_.run_job(7, "touch started; sleep 1000");
    ASSERT_TRUE(controller_.run_until_exists("started"));
    EXPECT_EQ(*platform::read_mark(mark_), stepd::begun_word);
    const std::string note = controller_.file("attempts-n1/7.1");
    controller_.close_job(7);
    ASSERT_TRUE(controller_.run_until_closed());
    ASSERT_TRUE(controller_.finish(7));
    ASSERT_TRUE(controller_.run_until_seen([&] { return !platform::read_mark(mark_); }));
    node->end(SIGKILL);
    controller_.closed_.clear();
    ASSERT_TRUE(platform::write_file_atomic(controller_.dir() / "attempts-n1/7.1", note));
    if (!mark.empty()) {
      ASSERT_TRUE(*platform::set_mark(mark_, mark));
    }
    node_ = controller_.start_node();
    ASSERT_TRUE(controller_.run_until_registered());
    ASSERT_EQ(controller_.registers_.back().held_size(), 1);
  }

  PlayedController controller_;
  std::string mark_ = controller_.dir() / ("begun-n1/7.1." + std::to_string(step_batch.value));
  std::unique_ptr<Process> node_;
};

TEST_F(NotedJob, that_never_began_is_a_failed_start_and_will_not_begin_later) {
  restart_with_note("");
  EXPECT_FALSE(controller_.registers_.back().held(0).closing());
  ASSERT_TRUE(controller_.run_until([&] { return !controller_.prepared_.empty(); }));
  EXPECT_TRUE(controller_.prepared_[0].failed());
  EXPECT_TRUE(controller_.prepared_[0].node_at_fault());
  controller_.close_job(7);
  ASSERT_TRUE(controller_.run_until_closed());
  EXPECT_FALSE(controller_.closed_[0].has_batch_result());
  EXPECT_TRUE(controller_.finish(7));
  EXPECT_EQ(*platform::read_mark(mark_), stepd::given_up_word);
}

TEST_F(NotedJob, that_began_is_lost) {
  restart_with_note(stepd::begun_word);
  EXPECT_TRUE(controller_.registers_.back().held(0).closing());
  ASSERT_TRUE(controller_.run_until_closed());
  EXPECT_EQ(static_cast<EndCause>(controller_.closed_[0].batch_result().cause()),
            EndCause::supervisor_lost);
  EXPECT_TRUE(controller_.finish(7));
  EXPECT_TRUE(controller_.run_until_seen([&] { return !platform::read_mark(mark_); }));
}

/// A running job of which the daemon that is started next finds no plan.
class ForgottenJob : public ::testing::Test {
 protected:
  void run_and_kill_daemon() {
    node_ = controller_.start_node();
    ASSERT_TRUE(controller_.run_until_registered());
    controller_.run_job(7, "echo $$ > pid.new; mv pid.new pid; sleep 1000");
    ASSERT_TRUE(controller_.run_until_exists("pid"));
    node_->end(SIGKILL);
  }

  void restart() {
    node_ = controller_.start_node();
    ASSERT_TRUE(controller_.run_until_registered());
    ASSERT_EQ(controller_.registers_.back().held_size(), 1);
    EXPECT_EQ(controller_.registers_.back().held(0).job(), 7U);
    EXPECT_TRUE(controller_.registers_.back().held(0).closing());
  }

  /// Its end is told, also by a daemon that finds nothing but the word of the one before.
  void expect_told_until_acknowledged() {
    ASSERT_TRUE(controller_.run_until_closed());
    node_->end(SIGKILL);
    controller_.closed_.clear();
    ASSERT_NO_FATAL_FAILURE(restart());
    ASSERT_TRUE(controller_.run_until_closed());
    EXPECT_EQ(controller_.closed_[0].job(), 7U);
    EXPECT_FALSE(controller_.closed_[0].has_batch_result());
    EXPECT_TRUE(controller_.finish(7));
  }

  PlayedController controller_;
  std::string file_ = controller_.dir() / "attempts-n1/7.1";
  std::unique_ptr<Process> node_;
};

TEST_F(ForgottenJob, is_ended_and_that_is_told_until_it_is_acknowledged) {
  ASSERT_NO_FATAL_FAILURE(run_and_kill_daemon());
  ASSERT_TRUE(platform::remove_path(file_));
  ASSERT_NO_FATAL_FAILURE(restart());
  ASSERT_NO_FATAL_FAILURE(expect_told_until_acknowledged());
}

TEST_F(ForgottenJob, of_which_the_file_is_damaged_is_no_job_that_never_came) {
  ASSERT_NO_FATAL_FAILURE(run_and_kill_daemon());
  ASSERT_TRUE(platform::write_file_atomic(file_, "coxswain attempt 1\nr\xff"));
  ASSERT_NO_FATAL_FAILURE(restart());
  ASSERT_NO_FATAL_FAILURE(expect_told_until_acknowledged());
}

TEST_F(ForgottenJob, is_not_said_to_be_over_before_that_is_written_down) {
  ASSERT_NO_FATAL_FAILURE(run_and_kill_daemon());
  ASSERT_TRUE(platform::remove_path(file_));
  ASSERT_EQ(::mkdir(file_.c_str(), 0700), 0) << "nothing can be written there";
  const int pid = std::stoi(controller_.file("pid"));
  ASSERT_NO_FATAL_FAILURE(restart());
  ASSERT_TRUE(controller_.run_until_seen([&] { return !platform::is_running(pid); }));
  ASSERT_EQ(::rmdir(file_.c_str()), 0) << "still there, and empty";
  ASSERT_TRUE(controller_.run_until_closed());
  EXPECT_EQ(controller_.file("attempts-n1/7.1"), ended_attempt_text());
  ASSERT_NO_FATAL_FAILURE(expect_told_until_acknowledged());
}

TEST(NodeDaemon, a_result_waits_for_a_daemon_and_for_an_acknowledgement) {
  PlayedController controller;
  auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "exit 5");
  ASSERT_TRUE(controller.run_until_closed());
  node->end(SIGKILL);
  controller.closed_.clear();
  node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  EXPECT_TRUE(controller.registers_.back().held(0).closing());
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_EQ(controller.closed_[0].batch_result().exit_code(), 5);
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, a_lost_connection_is_made_again_with_what_is_held) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "touch started; sleep 1000");
  ASSERT_TRUE(controller.run_until_exists("started"));
  controller.drop_node();
  ASSERT_TRUE(controller.run_until_registered());
  ASSERT_EQ(controller.registers_.back().held_size(), 1);
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, a_user_that_is_not_here_is_named) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  controller.run_job(7, "true", 54321);
  ASSERT_TRUE(controller.run_until([&] { return !controller.prepared_.empty(); }));
  EXPECT_TRUE(controller.prepared_[0].failed());
  EXPECT_FALSE(controller.prepared_[0].node_at_fault());
  EXPECT_NE(controller.prepared_[0].failure().find("54321"), std::string::npos)
      << controller.prepared_[0].failure();
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

// A later daemon would not know such an attempt, and would end its tasks as nobody's.
// Another node may do better: the job tries there, and this one rests.
TEST(NodeDaemon, a_supervisor_that_cannot_listen_is_the_nodes_fault) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  ASSERT_TRUE(platform::remove_path(controller.dir() / "steps-n1"));
  controller.run_job(7, "touch ran");
  ASSERT_TRUE(controller.run_until([&] { return !controller.prepared_.empty(); }));
  const wire::Prepared& told = controller.prepared_.front();
  EXPECT_TRUE(told.failed());
  EXPECT_TRUE(told.node_at_fault());
  EXPECT_EQ(told.failure(), "listen on " + (controller.dir() / "steps-n1/7.1.batch") +
                                ": no such file or directory");
  EXPECT_FALSE(controller.exists("ran"));
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
}

TEST(NodeDaemon, an_attempt_that_cannot_be_written_down_is_not_started) {
  PlayedController controller;
  const auto node = controller.start_node();
  ASSERT_TRUE(controller.run_until_registered());
  const std::string attempts = controller.dir() / "attempts-n1";
  ASSERT_EQ(::rmdir(attempts.c_str()), 0);
  controller.run_job(7, "touch started");
  ASSERT_TRUE(controller.run_until(
      [&] { return !controller.prepared_.empty() || !controller.closed_.empty(); }));
  ASSERT_FALSE(controller.prepared_.empty());
  EXPECT_TRUE(controller.prepared_[0].failed());
  EXPECT_TRUE(controller.prepared_[0].node_at_fault());
  EXPECT_NE(controller.prepared_[0].failure().find("attempts-n1/7.1"), std::string::npos)
      << controller.prepared_[0].failure();
  controller.close_job(7);
  ASSERT_TRUE(controller.run_until_closed());
  EXPECT_TRUE(controller.finish(7));
  EXPECT_FALSE(controller.exists("started"));
}

}  // namespace
}  // namespace cox::noded
