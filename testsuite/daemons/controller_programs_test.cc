// The controller's own prolog and epilog with real daemons: when they run, that the controller goes
// on meanwhile, and what a failure, a time-out or the controller's death makes of the job.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "platform/process.h"
#include "testsuite/daemons/programs.h"

namespace cox::daemons {
namespace {

/// Waits for go-PROGRAM, having said that it began.
const char* const waiting =
    "echo $COX_PROGRAM >> order; while [ ! -e go-$COX_PROGRAM ]; do sleep 0.02; done";

TEST(ControllerPrograms, run_around_the_job_on_the_controllers_host) {
  Cluster cluster;
  Client client = cluster.client();
  const std::string both = "env > $COX_PROGRAM; echo $COX_PROGRAM >> order";
  configure(cluster, key("controller_prolog", program_file(cluster, "ctl-prolog", both)) +
                         key("controller_epilog", program_file(cluster, "ctl-epilog", both)) +
                         key("prolog", program_file(cluster, "prolog", "echo prolog >> order")));
  const auto id =
      client.submit(cluster.job("echo task >> order; exit 3").nodes(2).named("bow wave"));
  EXPECT_EQ(client.end_of(id).state(), "FAILED");
  EXPECT_TRUE(cluster.shows("order", "controller_epilog"));
  EXPECT_EQ(lines_of(cluster.file("order")),
            (std::vector<std::string>{"controller_prolog", "prolog", "prolog", "task",
                                      "controller_epilog"}));
  for (const std::string program : {"controller_prolog", "controller_epilog"}) {
    const std::string said = cluster.file(program);
    const std::vector<std::string> lines = {
        "COX_PROGRAM=" + program,  "COX_JOB_ID=1",
        "COX_ATTEMPT=1",           "COX_JOB_NAME=bow wave",
        "COX_JOB_PARTITION=batch", "COX_NNODES=2",
        "COX_NODELIST=n[1-2]",     "COX_JOB_UID=" + std::to_string(::getuid())};
    for (const std::string& line : lines) {
      EXPECT_TRUE(has_line(said, line)) << line << " is not in " << program << ":\n" << said;
    }
  }
  EXPECT_TRUE(has_line(cluster.file("controller_epilog"), "COX_JOB_STATE=FAILED"));
  EXPECT_TRUE(has_line(cluster.file("controller_epilog"), "COX_JOB_EXIT_CODE=3"));
  cluster.expect_nothing_left();
}

TEST(ControllerPrograms, the_controller_goes_on_while_one_runs_and_the_job_is_starting) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  configure(cluster, key("controller_prolog", program_file(cluster, "ctl-prolog", waiting)));
  const auto id = client.submit(cluster.job("echo task >> order"));
  EXPECT_TRUE(cluster.shows("order", "controller_prolog"));
  EXPECT_EQ(client.state(id), "CONFIGURING");
  const Ran why = cluster.shell("cox why " + std::to_string(id));
  EXPECT_NE(why.output.find("the controller's prolog"), std::string::npos) << why.output;
  const auto other = client.submit(cluster.job("true").held());
  EXPECT_EQ(client.state(other), "PENDING");
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, other));
  cluster.write("go-controller_prolog", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(ControllerPrograms, one_that_fails_holds_a_batch_job_at_its_place_and_tells_who_waits) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const std::string bad = "[ -e mended ] || { echo no licence server; exit 7; }";
  const std::string path = program_file(cluster, "ctl-prolog", bad);
  configure(cluster, key("controller_prolog", path));
  const auto id = client.submit(cluster.job("echo ran >> ran"));
  const std::string reason = "controller_prolog " + path + ": exit status 7: no licence server";
  EXPECT_TRUE(eventually([&] { return client.view(id).why() == reason; })) << client.view(id).why();
  EXPECT_EQ(client.state(id), "PENDING");
  EXPECT_EQ(client.view(id).reason(), "JobHoldMaxRequeue");
  EXPECT_EQ(client.node("n1").state(), "idle");
  const Ran run = cluster.shell("cox run true");
  EXPECT_NE(run.status, 0);
  EXPECT_NE(run.output.find("no licence server"), std::string::npos) << run.output;
  cluster.write("mended", "");
  EXPECT_TRUE(client.act(wire::JobAction::RELEASE, id));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  EXPECT_EQ(cluster.file("ran"), "ran\n");
  cluster.expect_nothing_left();
}

TEST(ControllerPrograms, one_that_hangs_is_killed_and_one_that_is_not_there_is_named) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const std::string path = program_file(cluster, "ctl-prolog", "echo waiting; sleep 1000");
  configure(cluster, key("controller_prolog", path) + key("controller_prolog_timeout", "1s"));
  const auto hung = client.submit(cluster.job("true"));
  const std::string reason = "controller_prolog " + path + ": still ran after 0:01: waiting";
  EXPECT_TRUE(eventually([&] { return client.view(hung).why() == reason; }))
      << client.view(hung).why();
  configure(cluster, key("controller_prolog", cluster.work() + "/nowhere"));
  const auto missing = client.submit(cluster.job("true"));
  EXPECT_TRUE(eventually([&] {
    return client.view(missing).why().find("no such file") != std::string::npos;
  })) << client.view(missing).why();
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, hung));
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, missing));
  cluster.expect_nothing_left();
}

TEST(ControllerPrograms, a_cancel_ends_the_prolog_and_the_job) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  configure(cluster, key("controller_prolog", program_file(cluster, "ctl-prolog", waiting)));
  const auto id = client.submit(cluster.job("echo ran >> ran"));
  EXPECT_TRUE(cluster.shows("order", "controller_prolog"));
  EXPECT_TRUE(client.act(wire::JobAction::CANCEL, id));
  EXPECT_EQ(client.end_of(id).state(), "CANCELLED");
  EXPECT_EQ(cluster.file("ran"), "");
  cluster.expect_nothing_left();
}

/// Its first process, then one that left its group and session, each in a line of `pids`.
const char* const forking =
    "echo $$ >> pids; setsid sh -c 'echo $$ >> pids; exec sleep 1000' &\n"
    "while [ ! -e go ]; do sleep 0.02; done";

TEST(ControllerPrograms, a_new_controller_ends_what_the_killed_one_left_before_it_begins_again) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  configure(cluster, key("controller_prolog", program_file(cluster, "ctl-prolog", forking)));
  const auto id = client.submit(cluster.job("true"));
  const auto pids = [&] { return lines_of(cluster.file("pids")); };
  ASSERT_TRUE(eventually([&] { return pids().size() == 2; }));
  const auto old = pids();
  cluster.kill_controller();
  for (const std::string& pid : old) {
    EXPECT_TRUE(platform::is_running(std::stoi(pid))) << "it outlives the controller";
  }
  cluster.start_controller();
  ASSERT_TRUE(eventually([&] { return pids().size() > 2; })) << "it was begun again";
  for (const std::string& pid : old) {
    EXPECT_FALSE(platform::is_running(std::stoi(pid))) << "two of them ran at once";
  }
  cluster.write("go", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  ASSERT_TRUE(eventually([&] { return pids().size() == 4; }));
  // What one leaves that ended by itself is its own affair.
  for (std::size_t i = 2; i < 4; ++i) {
    const int pid = std::stoi(pids()[i]);
    if (platform::is_running(pid)) ::kill(pid, SIGKILL);
  }
  cluster.expect_nothing_left();
}

TEST(ControllerPrograms, a_new_controller_runs_again_what_the_killed_one_was_at) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  configure(cluster, key("controller_prolog", program_file(cluster, "ctl-prolog", waiting)) +
                         key("controller_epilog", program_file(cluster, "ctl-epilog", waiting)));
  const auto id = client.submit(cluster.job("echo task >> order"));
  EXPECT_TRUE(cluster.shows("order", "controller_prolog"));
  cluster.kill_controller();
  cluster.write("order", "");
  cluster.start_controller();
  EXPECT_TRUE(cluster.hears_all_nodes());
  EXPECT_TRUE(cluster.shows("order", "controller_prolog")) << "it was begun again";
  cluster.write("go-controller_prolog", "");
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  EXPECT_TRUE(cluster.shows("order", "controller_epilog"));
  EXPECT_EQ(client.view(id).attempt(), 1U);
  cluster.kill_controller();
  cluster.write("order", "");
  cluster.start_controller();
  EXPECT_TRUE(cluster.shows("order", "controller_epilog")) << "it had not ended";
  cluster.write("go-controller_epilog", "");
  EXPECT_EQ(cluster.file("order").find("task"), std::string::npos) << "it ran once";
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
