// Steps of several nodes whose supervisors form a tree of width 2, with real supervisors: what goes
// through those in between, and what becomes of a step when one of them is killed.
#include <gtest/gtest.h>

#include <csignal>

#include "common/text.h"
#include "model/step_tree.h"
#include "noded/stepd/stepd_world.h"

namespace cox::stepd {
namespace {

constexpr std::uint32_t width = 2;
// 0 with 1 and 4 below it, 1 with 2 and 3, 4 with 5 and 6.
constexpr std::uint32_t seven = 7;

class TreeOfSteps : public ::testing::Test {
 protected:
  void prepare(std::uint32_t nodes, const std::string& script, const StepRequest& request = {}) {
    const std::vector<std::uint32_t> tasks(nodes, 1);
    for (std::uint32_t node = 0; node < nodes; ++node) {
      wire::StepStart start = world_.interactive({"/bin/sh", "-c", script}, tasks, node, request);
      start.mutable_spec()->set_fan_out(width);
      start.set_kill_wait_us(500'000);
      all_.push_back(&world_.spawn(start));
      endpoints_.push_back(all_.back()->socket);
    }
    EXPECT_TRUE(world_.until([&] {
      return std::all_of(all_.begin(), all_.end(),
                         [](const Stepd* one) { return one->parent.phase() == prepared; });
    }));
  }

  void go() {
    for (Stepd* one : all_) {
      if (!one->exited) one->parent.say_go(endpoints_);
    }
    client_ = &world_.attach(*all_[0]);
  }

  void launch(std::uint32_t nodes, const std::string& script, const StepRequest& request = {}) {
    prepare(nodes, script, request);
    go();
  }

  void kill(std::uint32_t node) {
    ::kill(all_[node]->pid, SIGKILL);
    ASSERT_TRUE(world_.until([&] { return all_[node]->exited; }));
  }

  const std::string& output(std::uint32_t task) { return client_->output[task]; }

  bool has_said(std::uint32_t task, std::size_t bytes) { return output(task).size() >= bytes; }

  bool await_exit() {
    return world_.until([&] { return client_->exit.has_value(); });
  }

  /// Numbers from 0 on, line by line, and "bye" at the end.
  void expect_all_numbers(std::uint32_t task) {
    std::uint64_t next = 0;
    std::string last;
    for (const auto line : split(output(task), '\n')) {
      if (line.empty()) continue;
      last = line;
      if (line == "bye") continue;
      ASSERT_EQ(line, std::to_string(next)) << "task " << task << " after " << next;
      ++next;
    }
    EXPECT_EQ(last, "bye") << "task " << task << " of " << next;
  }

  void expect_all_leave() {
    for (Stepd* one : all_) one->parent.say_forget();
    if (client_ != nullptr) world_.vanish(*client_);
    EXPECT_TRUE(world_.until([&] {
      return std::all_of(all_.begin(), all_.end(), [](const Stepd* one) { return one->exited; });
    }));
  }

  World world_;
  std::vector<Stepd*> all_;
  std::vector<std::string> endpoints_;
  Voice* client_ = nullptr;
};

constexpr const char* counts_until_told =
    "trap 'echo bye; exit 0' TERM; i=0; while :; do echo $i; i=$((i+1)); done";

TEST_F(TreeOfSteps, output_and_results_of_all_nodes_reach_the_client) {
  StepRequest request;
  request.kill_on_bad_exit = false;
  launch(seven, "echo $COX_RANK on $COX_NODE_NAME; exit $COX_RANK", request);
  ASSERT_TRUE(await_exit());
  for (std::uint32_t task = 0; task < seven; ++task) {
    EXPECT_EQ(output(task), std::to_string(task) + " on n" + std::to_string(task + 1) + "\n");
  }
  EXPECT_EQ(client_->exit->exit_code, 6);
  EXPECT_EQ(client_->exit->tasks_failed, 6U);
  expect_all_leave();
}

TEST_F(TreeOfSteps, input_and_signals_reach_every_node) {
  launch(seven, "trap 'echo usr1; exit 0' USR1; read line; echo $line; sleep 1000 & wait");
  client_->say_input("hello all\n", false);
  ASSERT_TRUE(world_.until([&] {
    for (std::uint32_t task = 0; task < seven; ++task) {
      if (output(task) != "hello all\n") return false;
    }
    return true;
  }));
  client_->say_input("", true);
  wire::StepMessage signal;
  signal.mutable_signal()->set_signal(SIGUSR1);
  client_->say(signal);
  ASSERT_TRUE(await_exit());
  for (std::uint32_t task = 0; task < seven; ++task) EXPECT_EQ(output(task), "hello all\nusr1\n");
  EXPECT_EQ(client_->exit->cause, EndCause::finished);
  expect_all_leave();
}

TEST_F(TreeOfSteps, much_output_comes_whole_however_slow_the_way) {
  launch(seven, "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; echo bye");
  ASSERT_TRUE(await_exit());
  for (std::uint32_t task = 0; task < seven; ++task) expect_all_numbers(task);
  expect_all_leave();
}

TEST_F(TreeOfSteps, a_task_that_fails_below_ends_the_others) {
  launch(seven, "[ $COX_RANK != 6 ] || exit 3; exec cat");
  ASSERT_TRUE(await_exit());
  EXPECT_EQ(client_->exit->cause, EndCause::bad_exit);
  EXPECT_EQ(client_->exit->exit_code, 3);
  EXPECT_EQ(client_->exit->detail, "task 6 on n7 exited with status 3");
  expect_all_leave();
}

TEST_F(TreeOfSteps, one_between_that_is_killed_before_the_go_costs_those_below_one_retry) {
  prepare(seven, "echo here; exec cat");
  kill(1);
  go();
  for (const std::uint32_t task : {2U, 3U, 5U, 6U}) {
    EXPECT_TRUE(world_.until([&] { return output(task) == "here\n"; })) << task;
  }
}

TEST_F(TreeOfSteps, one_between_that_is_killed_takes_nothing_of_the_others_output_with_it) {
  launch(seven, counts_until_told);
  ASSERT_TRUE(world_.until([&] { return has_said(2, 100'000) && has_said(3, 100'000); }));
  kill(1);
  ASSERT_TRUE(await_exit());
  EXPECT_EQ(client_->exit->cause, EndCause::supervisor_lost);
  EXPECT_NE(client_->exit->detail.find("node n2"), std::string::npos) << client_->exit->detail;
  for (const std::uint32_t task : {0U, 2U, 3U, 4U, 5U, 6U}) expect_all_numbers(task);
}

TEST_F(TreeOfSteps, two_rows_below_one_that_is_killed_lose_nothing_either) {
  launch(15, counts_until_told);  // below 1: 2 and 5, and two of each
  ASSERT_EQ(StepTree(15, width).depth(3), 3U);
  ASSERT_TRUE(world_.until([&] { return has_said(3, 20'000) && has_said(7, 20'000); }));
  kill(1);
  ASSERT_TRUE(await_exit());
  EXPECT_EQ(client_->exit->cause, EndCause::supervisor_lost);
  for (std::uint32_t task = 2; task < 15; ++task) expect_all_numbers(task);
}

TEST_F(TreeOfSteps, one_below_that_is_killed_ends_the_step_by_name) {
  launch(seven, "echo here; exec cat");
  ASSERT_TRUE(world_.until([&] { return output(3) == "here\n"; }));
  kill(3);
  // Nobody at the root sees it go; its parent does, and it has some time to come another way.
  ASSERT_TRUE(await_exit());
  EXPECT_EQ(client_->exit->cause, EndCause::supervisor_lost);
  EXPECT_NE(client_->exit->detail.find("node n4"), std::string::npos) << client_->exit->detail;
}

TEST_F(TreeOfSteps, one_between_whose_tasks_are_done_may_be_killed) {
  launch(seven, "[ $COX_RANK = 1 ] && echo off && exit 0; read line; echo $line");
  // The root has heard of it: of one that is killed before, nobody knows how its tasks ended.
  ASSERT_TRUE(world_.until([&] { return output(1) == "off\n"; }));
  ASSERT_TRUE(world_.until([&] { return all_[1]->parent.phase() == ended; }));
  all_[1]->parent.say_forget();
  kill(1);
  client_->say_input("on\n", true);
  ASSERT_TRUE(await_exit());
  EXPECT_EQ(client_->exit->cause, EndCause::finished) << client_->exit->detail;
  for (const std::uint32_t task : {0U, 2U, 3U, 4U, 5U, 6U}) EXPECT_EQ(output(task), "on\n") << task;
}

TEST_F(TreeOfSteps, one_between_whose_tasks_are_done_stays_for_those_below) {
  launch(seven, "read all; echo $all; [ $COX_RANK = 1 ] && exit 0; read line; echo $line");
  client_->say_input("all\n", false);
  // So they are connected to it before its own task ends.
  ASSERT_TRUE(world_.until([&] {
    return all_[1]->parent.phase() == ended && output(2) == "all\n" && output(3) == "all\n";
  }));
  all_[1]->parent.say_forget();
  client_->say_input("on\n", true);
  ASSERT_TRUE(await_exit());
  EXPECT_FALSE(all_[1]->exited) << "those below were not forgotten yet";
  for (const std::uint32_t task : {2U, 3U}) EXPECT_EQ(output(task), "all\non\n") << task;
  expect_all_leave();
}

TEST_F(TreeOfSteps, one_between_that_has_stopped_is_passed_by) {
  prepare(seven, "echo here; exec cat");
  ::kill(all_[1]->pid, SIGSTOP);
  go();
  for (const std::uint32_t task : {2U, 3U}) {
    EXPECT_TRUE(world_.until([&] { return output(task) == "here\n"; })) << task;
  }
  ::kill(all_[1]->pid, SIGCONT);
  EXPECT_TRUE(world_.until([&] { return output(1) == "here\n"; }));
}

}  // namespace
}  // namespace cox::stepd
