// Steps of several nodes that end before their Go, or whose programs never run: nothing of them
// stays behind, and the status says why.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "noded/stepd/begin_mark.h"
#include "noded/stepd/outcome.h"
#include "noded/stepd/stepd_world.h"
#include "platform/file.h"
#include "platform/mark.h"

namespace cox::stepd {
namespace {

std::vector<Stepd*> spawn_all(World& world,
                              const std::vector<std::string>& argv,
                              const std::vector<std::uint32_t>& tasks,
                              MpiKind mpi = MpiKind::none) {
  std::vector<Stepd*> all;
  for (std::uint32_t index = 0; index < tasks.size(); ++index) {
    auto start = world.interactive(argv, tasks, index);
    start.mutable_spec()->mutable_request()->set_mpi(static_cast<std::uint32_t>(mpi));
    const std::string own = std::to_string(index);
    world.make_directory(own);
    start.set_tmp_dir(world.work() + "/" + own);
    all.push_back(&world.spawn(start));
  }
  return all;
}

bool all_are(const std::vector<Stepd*>& all, std::uint32_t phase) {
  return std::all_of(all.begin(), all.end(),
                     [&](const Stepd* one) { return one->parent.phase() == phase; });
}

bool all_left(const std::vector<Stepd*>& all) {
  return std::all_of(all.begin(), all.end(), [](const Stepd* one) { return one->exited; });
}

std::vector<std::string> endpoints(const std::vector<Stepd*>& all) {
  std::vector<std::string> sockets;
  for (const Stepd* one : all) sockets.push_back(one->socket);
  return sockets;
}

void expect_to_leave_when_forgotten(World& world, const std::vector<Stepd*>& all) {
  for (const Stepd* one : all) one->parent.say_forget();
  EXPECT_TRUE(world.until([&] { return all_left(all); })) << "a supervisor stays";
}

/// A batch step that goes at once, with a directory for marks as a daemon makes it.
wire::StepStart start_at_once(World& world) {
  const std::filesystem::path mark = begin_mark_of(world.next_socket());
  std::filesystem::create_directories(mark.parent_path());
  auto start = world.batch("echo on > ran");
  start.set_go_at_once(true);
  return start;
}

TEST(BeforeGo, a_step_that_goes_at_once_marks_its_beginning) {
  World world;
  const std::string mark = begin_mark_of(world.next_socket());
  Stepd& stepd = world.spawn(start_at_once(world));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(world.file("ran"), "on\n");
  EXPECT_EQ(*platform::read_mark(mark), begun_word);
  expect_to_leave_when_forgotten(world, {&stepd});
}

TEST(BeforeGo, a_step_whose_start_was_given_up_runs_nothing) {
  World world;
  const std::string mark = begin_mark_of(world.next_socket());
  const auto start = start_at_once(world);
  ASSERT_TRUE(*platform::set_mark(mark, given_up_word));
  Stepd& stepd = world.spawn(start);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::supervisor_lost);
  EXPECT_EQ(world.file("ran"), "(no file)");
  EXPECT_EQ(*platform::read_mark(mark), given_up_word);
  expect_to_leave_when_forgotten(world, {&stepd});
}

TEST(BeforeGo, a_beginning_that_cannot_be_marked_is_none) {
  World world;
  const std::filesystem::path mark = begin_mark_of(world.next_socket());
  auto start = world.batch("echo on > ran");
  start.set_go_at_once(true);
  std::filesystem::create_symlink(mark.parent_path(), mark.parent_path());  // leads nowhere
  Stepd& stepd = world.spawn(start);
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  EXPECT_EQ(stepd.parent.result().cause, EndCause::launch_failed);
  EXPECT_EQ(world.file("ran"), "(no file)");
  expect_to_leave_when_forgotten(world, {&stepd});
}

TEST(BeforeGo, an_end_lets_the_supervisors_of_all_nodes_leave) {
  World world;
  const auto all = spawn_all(world, {"sleep", "1000"}, {2, 2, 1});
  ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
  for (const Stepd* one : all) one->parent.say_end(EndCause::cancelled);
  ASSERT_TRUE(world.until([&] { return all_are(all, ended); }));
  expect_to_leave_when_forgotten(world, all);
}

TEST(BeforeGo, an_end_lets_those_with_a_wire_up_server_leave) {
  World world;
  const auto all = spawn_all(world, {"sleep", "1000"}, {2, 2}, MpiKind::automatic);
  ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
  for (const Stepd* one : all) one->parent.say_end(EndCause::cancelled);
  ASSERT_TRUE(world.until([&] { return all_are(all, ended); }));
  expect_to_leave_when_forgotten(world, all);
}

TEST(BeforeGo, a_preparation_that_failed_on_one_node_lets_both_leave) {
  World world;
  auto root = world.interactive({"sleep", "1000"}, {1, 1}, 0);
  auto leaf = world.interactive({"sleep", "1000"}, {1, 1}, 1);
  leaf.mutable_spec()->mutable_request()->set_directory("/nowhere");
  const std::vector<Stepd*> all = {&world.spawn(root), &world.spawn(leaf)};
  ASSERT_TRUE(world.until(
      [&] { return all[0]->parent.phase() == prepared && all[1]->parent.phase() == ended; }));
  EXPECT_NE(all[1]->parent.statuses.back().failure(), "");
  all[0]->parent.say_end(EndCause::cancelled);
  expect_to_leave_when_forgotten(world, all);
}

TEST(BeforeGo, a_later_daemon_may_forget_an_ended_step_as_well) {
  World world;
  const auto all = spawn_all(world, {"sleep", "1000"}, {1, 1});
  ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
  for (const Stepd* one : all) one->parent.say_end(EndCause::cancelled);
  ASSERT_TRUE(world.until([&] { return all_are(all, ended); }));
  for (Stepd* one : all) {
    world.vanish(one->parent);
    world.connect(*one, wire::PEER_DAEMON).say_forget();
  }
  EXPECT_TRUE(world.until([&] { return all_left(all); })) << "a supervisor stays";
}

// As at the end of a cluster, whose supervisors nobody will ask any more.
TEST(BeforeGo, a_signal_ends_supervisors_whose_daemon_is_gone) {
  World world;
  const auto all = spawn_all(world, {"sleep", "1000"}, {1, 1});
  ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
  for (Stepd* one : all) {
    one->parent.say_end(EndCause::cancelled);
  }
  ASSERT_TRUE(world.until([&] { return all_are(all, ended); }));
  for (Stepd* one : all) {
    world.vanish(one->parent);
    ::kill(one->pid, SIGTERM);
  }
  EXPECT_TRUE(world.until([&] { return all_left(all); })) << "a supervisor stays";
}

TEST(Launch, of_a_program_that_is_not_there_gives_127_on_any_number_of_nodes) {
  for (const std::vector<std::uint32_t>& tasks :
       {std::vector<std::uint32_t>{4}, std::vector<std::uint32_t>{2, 2}}) {
    World world;
    const auto all = spawn_all(world, {"nosuchprogram"}, tasks);
    ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
    for (const Stepd* one : all) one->parent.say_go(endpoints(all));
    const Voice& client = world.attach(*all.front());
    ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
    EXPECT_EQ(client.exit->cause, EndCause::launch_failed);
    EXPECT_EQ(client.exit->signal, 0);
    EXPECT_EQ(client.exit->exit_code, 127) << client.exit->detail;
    EXPECT_NE(client.exit->detail.find("nosuchprogram"), std::string::npos);
  }
}

TEST(Launch, of_a_file_that_may_not_be_executed_gives_126_on_two_nodes) {
  World world;
  ASSERT_TRUE(platform::write_file_atomic(world.work() + "/plain", "text"));
  const auto all = spawn_all(world, {"./plain"}, {2, 2});
  ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
  for (const Stepd* one : all) one->parent.say_go(endpoints(all));
  const Voice& client = world.attach(*all.front());
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->cause, EndCause::launch_failed);
  EXPECT_EQ(client.exit->signal, 0);
  EXPECT_EQ(client.exit->exit_code, 126) << client.exit->detail;
}

// One node has the program and is ended by the other, which has not.
TEST(Launch, that_fails_on_one_node_only_is_what_the_status_tells) {
  World world;
  world.make_directory("here");
  const std::vector<std::uint32_t> tasks = {2, 2};
  std::vector<Stepd*> all;
  for (const std::uint32_t index : {0U, 1U}) {
    auto start = world.interactive({"sleeper", "1000"}, tasks, index);
    if (index == 0) {
      std::string* environment = start.mutable_spec()->mutable_environment();
      *environment = "PATH=" + world.work() + "/here";
    }
    all.push_back(&world.spawn(start));
  }
  ASSERT_EQ(::symlink("/bin/sleep", (world.work() + "/here/sleeper").c_str()), 0);
  ASSERT_TRUE(world.until([&] { return all_are(all, prepared); }));
  for (const Stepd* one : all) one->parent.say_go(endpoints(all));
  const Voice& client = world.attach(*all.front());
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->cause, EndCause::launch_failed);
  EXPECT_EQ(exit_status(*client.exit), 127) << client.exit->detail;
}

// A supervisor where no libcoxpmix.so is beside it.
std::string stepd_without_library(const World& world) {
  const std::string copy = world.work() + "/coxstepd";
  std::error_code failed;
  std::filesystem::copy_file(COXSTEPD_PATH, copy, failed);
  EXPECT_FALSE(failed) << failed.message();
  return copy;
}

StepResult run_two_tasks_without_library(World& world, const std::vector<std::string>& argv) {
  auto start = world.interactive(argv, {2});
  start.mutable_spec()->mutable_request()->set_mpi(static_cast<std::uint32_t>(MpiKind::automatic));
  Stepd& stepd = world.spawn(start, stepd_without_library(world));
  EXPECT_TRUE(world.until([&] { return stepd.parent.phase() >= prepared; }));
  if (stepd.parent.phase() == prepared) {
    stepd.parent.say_go();
    const Voice& client = world.attach(stepd);
    EXPECT_TRUE(world.until([&] { return client.exit.has_value(); }));
  }
  EXPECT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  return stepd.parent.result();
}

TEST(Launch, of_an_mpi_program_without_the_wire_up_library_is_refused) {
  const std::string program = COX_EXAMPLES_DIR "/cox-example-mpi";
  if (!platform::path_exists(program)) GTEST_SKIP() << program << " is not built";
  World world;
  const auto result = run_two_tasks_without_library(world, {program});
  EXPECT_EQ(result.cause, EndCause::launch_failed);
  EXPECT_EQ(result.exit_code, 125);
  EXPECT_EQ(result.detail.find("libcoxpmix.so is not installed"), 0U) << result.detail;
}

TEST(Launch, of_an_mpi_program_behind_a_script_without_the_library_is_no_success) {
  const std::string program = COX_EXAMPLES_DIR "/cox-example-mpi";
  if (!platform::path_exists(program)) GTEST_SKIP() << program << " is not built";
  World world;
  const auto result = run_two_tasks_without_library(world, {"/bin/sh", "-c", program});
  EXPECT_NE(exit_status(result), 0) << "ran as two singletons";
  EXPECT_NE(result.detail.find("libcoxpmix.so is not installed"), std::string::npos)
      << result.detail;
}

TEST(Launch, of_several_tasks_without_the_library_is_as_ever_where_no_mpi_is_used) {
  World world;
  const auto result = run_two_tasks_without_library(world, {"/bin/sh", "-c", "exit 0"});
  EXPECT_EQ(exit_status(result), 0) << result.detail;
  EXPECT_EQ(result.detail, "");
}

}  // namespace
}  // namespace cox::stepd
