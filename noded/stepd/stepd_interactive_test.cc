// Interactive steps under real supervisors: clients, several nodes, and their deaths.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "noded/stepd/stepd_world.h"
#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/process.h"

namespace cox::stepd {
namespace {

using namespace std::string_literals;

std::vector<std::string> sh(const std::string& script) {
  return {"/bin/sh", "-c", script};
}

// Root and leaf of a step of two nodes.
struct Pair {
  Stepd& root;
  Stepd& leaf;

  std::vector<std::string> endpoints() const { return {root.socket, leaf.socket}; }
};

Pair prepare_pair(World& world,
                  const std::vector<std::string>& argv,
                  std::uint32_t tasks_per_node,
                  const StepRequest& request = {}) {
  const std::vector<std::uint32_t> tasks(2, tasks_per_node);
  Stepd& root = world.spawn(world.interactive(argv, tasks, 0, request));
  Stepd& leaf = world.spawn(world.interactive(argv, tasks, 1, request));
  EXPECT_TRUE(world.until([&] { return root.parent.phase() == 1 && leaf.parent.phase() == 1; }));
  return {root, leaf};
}

Pair launch_pair(World& world,
                 const std::vector<std::string>& argv,
                 std::uint32_t tasks_per_node,
                 const StepRequest& request = {}) {
  const Pair pair = prepare_pair(world, argv, tasks_per_node, request);
  pair.root.parent.say_go(pair.endpoints());
  pair.leaf.parent.say_go(pair.endpoints());
  return pair;
}

bool both_ended(const Pair& pair) {
  return pair.root.parent.phase() == ended && pair.leaf.parent.phase() == ended;
}

TEST(Interactive, output_of_each_task_comes_to_the_client_and_then_the_exit) {
  World world;
  StepRequest request;
  request.kill_on_bad_exit = false;
  const Stepd& stepd = world.launch(world.interactive(
      sh("echo out $COX_RANK/$COX_NTASKS; echo err >&2; exit $COX_RANK"), {3}, 0, request));
  const Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.output.at(0), "out 0/3\n");
  EXPECT_EQ(client.error.at(0), "err\n");
  EXPECT_EQ(client.exit->exit_code, 2);
}

TEST(Interactive, two_nodes_have_one_client_and_the_highest_status) {
  World world;
  StepRequest request;
  request.kill_on_bad_exit = false;
  const auto pair =
      launch_pair(world, sh("echo $COX_RANK on $COX_NODE_NAME; exit $COX_RANK"), 2, request);
  Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value() && both_ended(pair); }));
  EXPECT_EQ(client.output.at(0), "0 on n1\n");
  EXPECT_EQ(client.output.at(3), "3 on n2\n");
  EXPECT_EQ(client.exit->exit_code, 3);
  EXPECT_EQ(client.exit->tasks_failed, 3U);
  EXPECT_EQ(pair.root.parent.result().exit_code, 1);
  EXPECT_EQ(pair.leaf.parent.result().exit_code, 3);
  pair.root.parent.say_forget();
  pair.leaf.parent.say_forget();
  world.vanish(client);
  EXPECT_TRUE(world.until([&] { return pair.root.exited && pair.leaf.exited; }));
}

TEST(Interactive, input_goes_to_every_task_on_every_node) {
  World world;
  const auto pair = launch_pair(world, {"cat"}, 2);
  const Voice& client = world.attach(pair.root);
  client.say_input("hello ", false);
  client.say_input("all\n", true);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  for (const std::uint32_t task : {0U, 1U, 2U, 3U}) {
    EXPECT_EQ(client.output.at(task), "hello all\n") << task;
  }
}

TEST(Interactive, input_goes_to_one_task_alone_where_that_is_asked_for) {
  World world;
  StepRequest request;
  request.input_task = 2;
  const auto pair = launch_pair(world, {"cat"}, 2, request);
  const Voice& client = world.attach(pair.root);
  // More than any pipe holds: those that read nothing are not waited for.
  const std::string much(std::size_t{8} << 20, 'x');
  client.say_input(much, false);
  client.say_input("end\n", true);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.output.at(2), much + "end\n");
  for (const std::uint32_t task : {0U, 1U, 3U}) EXPECT_EQ(client.output.at(task), "") << task;
}

TEST(Interactive, much_input_reaches_slow_tasks_whole) {
  World world;
  const auto pair = launch_pair(world, sh("sleep 0.1; wc -c"), 1);
  const Voice& client = world.attach(pair.root);
  const std::string chunk(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 12; ++i) {
    client.say_input(chunk, false);
  }
  client.say_input("", true);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.output.at(0), "12582912\n");
  EXPECT_EQ(client.output.at(1), "12582912\n");
}

TEST(Interactive, a_client_that_comes_after_the_end_misses_nothing) {
  World world;
  const Stepd& stepd = world.launch(world.interactive({"echo", "quick"}, {1}));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  stepd.parent.say_forget();
  Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.output.at(0), "quick\n");
  world.vanish(client);
  EXPECT_TRUE(world.until([&] { return stepd.exited; }));
}

/// Waits until the supervisor has taken all that its daemon said: it closes after what it cannot
/// read.
void hear_out(World& world, Stepd& stepd) {
  stepd.parent.link->send("\xff");
  ASSERT_TRUE(world.until([&] { return stepd.parent.closed; }));
}

TEST(Interactive, a_client_that_comes_after_the_end_of_a_step_with_files_hears_of_it) {
  World world;
  StepRequest request;
  request.output = "step.out";
  Stepd& stepd = world.launch(world.interactive(sh("echo quick; exit 3"), {1}, 0, request));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  stepd.parent.say_forget();
  hear_out(world, stepd);
  Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->exit_code, 3);
  EXPECT_EQ(world.file("step.out"), "quick\n");
  world.vanish(client);
  EXPECT_TRUE(world.until([&] { return stepd.exited; }));
}

TEST(Interactive, a_supervisor_stays_until_its_client_has_closed) {
  World world;
  Stepd& stepd = world.launch(world.interactive({"echo", "quick"}, {1}));
  Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit && stepd.parent.phase() == ended; }));
  stepd.parent.say_forget();
  hear_out(world, stepd);
  // What a client sends before it knows of the end must not break its connection.
  client.say_input("late", true);
  const Voice& onlooker = world.attach(stepd, false);
  ASSERT_TRUE(world.until([&] { return onlooker.exit.has_value(); }));
  EXPECT_FALSE(client.closed);
  world.vanish(client);
  EXPECT_TRUE(world.until([&] { return stepd.exited; }));
}

TEST(Interactive, a_signal_ends_the_wait_for_a_client_that_never_came) {
  World world;
  Stepd& stepd = world.launch(world.interactive({"echo", "quick"}, {1}));
  ASSERT_TRUE(world.until([&] { return stepd.parent.phase() == ended; }));
  stepd.parent.say_forget();
  world.vanish(stepd.parent);
  ::kill(stepd.pid, SIGTERM);
  EXPECT_TRUE(world.until([&] { return stepd.exited; })) << "it waits as long as for a client";
}

TEST(Interactive, a_vanished_owner_ends_the_step_everywhere) {
  World world;
  const auto pair = launch_pair(world, sh("echo ready; exec sleep 1000"), 1);
  Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.output.size() == 2; }));
  world.vanish(client);
  ASSERT_TRUE(world.until([&] { return both_ended(pair); }));
  EXPECT_EQ(pair.root.parent.result().cause, EndCause::client_gone);
  EXPECT_EQ(pair.leaf.parent.result().cause, EndCause::client_gone);
}

TEST(Interactive, an_onlooker_sees_output_but_its_end_means_nothing) {
  World world;
  const Stepd& stepd =
      world.launch(world.interactive(sh("echo one; read x; echo two; exit 5"), {1}));
  const Voice& owner = world.attach(stepd);
  Voice& onlooker = world.attach(stepd, false);
  ASSERT_TRUE(world.until([&] { return owner.output.count(0) != 0; }));
  world.vanish(onlooker);
  owner.say_input("\n", true);
  ASSERT_TRUE(world.until([&] { return owner.exit.has_value(); }));
  EXPECT_EQ(owner.output.at(0), "one\ntwo\n");
  EXPECT_EQ(owner.exit->exit_code, 5);
}

TEST(Interactive, a_bad_exit_on_one_node_ends_the_tasks_of_all) {
  World world;
  const auto pair = launch_pair(world, sh("[ $COX_RANK = 1 ] && exit 7; sleep 1000"), 1);
  const Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value() && both_ended(pair); }));
  EXPECT_EQ(client.exit->exit_code, 7);
  EXPECT_EQ(client.exit->signal, 0);
  EXPECT_EQ(client.exit->cause, EndCause::bad_exit);
  EXPECT_EQ(client.exit->detail, "task 1 on n2 exited with status 7");
}

TEST(Interactive, a_signal_of_the_client_reaches_all_tasks) {
  World world;
  const auto pair = launch_pair(world,
                                sh("trap 'exit 3' USR1; echo ready; while :; do sleep 0.01;"
                                   " done"),
                                1);
  const Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.output.size() == 2; }));
  wire::StepMessage message;
  message.mutable_signal()->set_signal(SIGUSR1);
  client.say(message);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->exit_code, 3);
}

TEST(Interactive, its_owner_ends_a_step_and_kills_it_when_asked_twice) {
  World world;
  const auto pair =
      launch_pair(world, sh("trap '' TERM; echo ready; while :; do sleep 0.01; done"), 1);
  const Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.output.size() == 2; }));
  wire::StepMessage message;
  message.mutable_end();
  client.say(message);
  client.say(message);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->cause, EndCause::cancelled);
  EXPECT_EQ(client.exit->signal, SIGKILL);
}

TEST(Interactive, a_killed_leaf_ends_the_step) {
  World world;
  const auto pair = launch_pair(world, sh("echo $$; exec sleep 1000"), 1);
  const Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.output.size() == 2; }));
  const int orphan = std::atoi(client.output.at(1).c_str());
  ASSERT_GT(orphan, 0);
  const platform::Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, orphan, 0)));
  ASSERT_TRUE(pidfd.is_open());
  pollfd gone{pidfd.get(), POLLIN, 0};
  ::kill(pair.leaf.pid, SIGKILL);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value() && pair.leaf.exited; }));
  EXPECT_EQ(client.exit->cause, EndCause::supervisor_lost);
  EXPECT_NE(client.exit->detail.find("n2"), std::string::npos);
  // Without a container the task goes with its supervisor.
  EXPECT_TRUE(world.until([&] { return pair.root.parent.phase() == ended; }));
  // The kernel ends it with its supervisor, in its own time.
  EXPECT_EQ(::poll(&gone, 1, 10'000), 1);
}

TEST(Interactive, a_leaf_that_fails_before_the_root_may_go_gives_its_status) {
  World world;
  const auto pair = prepare_pair(world, sh("exit 7"), 1);
  pair.leaf.parent.say_go(pair.endpoints());
  ASSERT_TRUE(world.until([&] { return pair.leaf.parent.phase() == ended; }));
  pair.root.parent.say_go(pair.endpoints());
  const Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value() && both_ended(pair); }));
  EXPECT_EQ(client.exit->exit_code, 7);
  EXPECT_EQ(client.exit->cause, EndCause::bad_exit);
}

TEST(Interactive, a_killed_root_ends_the_leafs_tasks) {
  World world;
  const auto pair = launch_pair(world, {"sleep", "1000"}, 1);
  world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return pair.leaf.parent.phase() == running; }));
  ::kill(pair.root.pid, SIGKILL);
  ASSERT_TRUE(world.until([&] { return pair.leaf.parent.phase() == ended && pair.root.exited; }));
  EXPECT_EQ(pair.leaf.parent.result().cause, EndCause::supervisor_lost);
}

TEST(Interactive, a_slow_client_makes_the_task_wait_and_loses_nothing) {
  World world;
  constexpr std::size_t much = std::size_t{24} << 20;
  const auto pair = launch_pair(
      world, sh("[ $COX_RANK = 1 ] && head -c " + std::to_string(much) + " /dev/zero; exit 0"), 1);
  Voice& client = world.attach(pair.root);
  client.link->stream().pause_reading(true);
  const Stepd& other = world.launch(world.batch("#!/bin/sh\nsleep 0.3\n"));
  ASSERT_TRUE(world.until([&] { return other.parent.phase() == ended; }));
  for (const int pid : {pair.root.pid, pair.leaf.pid}) {
    const auto status =
        platform::read_file("/proc/" + std::to_string(pid) + "/status", 65'536).value_or("");
    const std::size_t at = status.find("VmRSS:");
    ASSERT_NE(at, std::string::npos);
    EXPECT_LT(std::atol(status.c_str() + at + 6), 16 * 1024) << "KiB";
  }
  client.link->stream().pause_reading(false);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.output.at(1).size(), much);
}

TEST(Interactive, output_patterns_make_one_file_per_task) {
  World world;
  StepRequest request;
  request.output = "step-%s-%t.out";
  const auto pair = launch_pair(world, {"hostname"}, 2, request);
  const Voice& client = world.attach(pair.root);
  ASSERT_TRUE(world.until([&] { return client.exit && both_ended(pair); }));
  for (const char* name : {"step-0-0.out", "step-0-1.out", "step-0-2.out", "step-0-3.out"}) {
    EXPECT_EQ(world.file(name).back(), '\n') << name;
  }
}

TEST(Interactive, a_leaf_that_is_told_no_root_fails) {
  World world;
  const Stepd& leaf = world.launch(world.interactive({"true"}, {1, 1}, 1));
  ASSERT_TRUE(world.until([&] { return leaf.parent.phase() == ended; }));
  EXPECT_EQ(leaf.parent.result().cause, EndCause::launch_failed);
}

TEST(Interactive, an_mpi_program_of_two_nodes_has_one_world) {
  const std::string program = COX_EXAMPLES_DIR "/cox-example-mpi";
  const std::string stepd = COXSTEPD_PATH;
  if (!platform::path_exists(program) ||
      !platform::path_exists(stepd.substr(0, stepd.find_last_of('/')) + "/libcoxpmix.so")) {
    GTEST_SKIP() << "cox-example-mpi or libcoxpmix.so is not built";
  }
  World world;
  const std::vector<std::uint32_t> tasks = {2, 2};
  std::vector<Stepd*> nodes;
  for (const std::uint32_t index : {0U, 1U}) {
    auto start = world.interactive({program}, tasks, index);
    auto* request = start.mutable_spec()->mutable_request();
    request->set_mpi(static_cast<std::uint32_t>(MpiKind::pmix));
    // Both nodes are this machine, whose shared memory they must not share.
    start.mutable_spec()->mutable_environment()->append(
        "\0OMPI_MCA_btl=tcp,self"
        "\0OMPI_MCA_btl_tcp_if_include=lo"s);
    start.set_tmp_dir(world.work() + "/" + std::to_string(index));
    world.make_directory(std::to_string(index));
    nodes.push_back(&world.spawn(start));
  }
  ASSERT_TRUE(
      world.until([&] { return nodes[0]->parent.phase() == 1 && nodes[1]->parent.phase() == 1; }));
  for (Stepd* node : nodes) {
    node->parent.say_go({nodes[0]->socket, nodes[1]->socket});
  }
  const Voice& client = world.attach(*nodes[0]);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->exit_code, 0) << client.exit->detail << client.error.at(0);
  EXPECT_NE(client.output.at(3).find("4"), std::string::npos) << client.output.at(3);
}

TEST(Interactive, an_mpi_program_that_ran_as_singletons_fails) {
  const std::string info = "/usr/bin/ompi_info";  // links Open MPI, never initialises it
  if (!platform::path_exists(info)) GTEST_SKIP() << info << " is not installed";
  // Behind `env` it is seen as well.
  for (const std::vector<std::string>& argv :
       {std::vector<std::string>{info, "--version"}, {"/usr/bin/env", "-i", info, "--version"}}) {
    World world;
    auto start = world.interactive(argv, {2});
    start.mutable_spec()->mutable_request()->set_mpi(
        static_cast<std::uint32_t>(MpiKind::automatic));
    const Stepd& stepd = world.launch(start);
    const Voice& client = world.attach(stepd);
    ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
    EXPECT_EQ(client.exit->exit_code, 125) << argv.front();
    EXPECT_EQ(client.exit->detail.find("mpi program ran as 2 singletons"), 0U)
        << client.exit->detail;
  }
}

// Behind a shell nobody sees that it is an MPI program; with a named server it has to be one.
TEST(Interactive, tasks_that_ask_a_named_server_for_nothing_fail_the_step) {
  World world;
  auto start = world.interactive({"/bin/sh", "-c", "exit 0"}, {2});
  start.mutable_spec()->mutable_request()->set_mpi(static_cast<std::uint32_t>(MpiKind::pmi2));
  const Stepd& stepd = world.launch(start);
  const Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->exit_code, 125);
  EXPECT_EQ(client.exit->detail.find("mpi program ran as 2 singletons"), 0U) << client.exit->detail;
}

TEST(Interactive, tasks_that_name_no_server_need_none) {
  World world;
  const Stepd& stepd = world.launch(world.interactive({"/bin/sh", "-c", "exit 0"}, {2}));
  const Voice& client = world.attach(stepd);
  ASSERT_TRUE(world.until([&] { return client.exit.has_value(); }));
  EXPECT_EQ(client.exit->exit_code, 0) << client.exit->detail;
}

}  // namespace
}  // namespace cox::stepd
