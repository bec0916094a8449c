// A node daemon that dies between its note of a job and the birth of the job's supervisor: the job
// never began, so that even one that may not run twice keeps its place and runs.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// The process that a node daemon keeps ready to fork supervisors from.
int nursery_of(const Cluster& cluster, std::uint32_t index) {
  const std::string name = "/noded-n" + std::to_string(index + 1) + ".pid";
  const int daemon = platform::lock_holder(cluster.dir() + name).value_or(0);
  for (const int pid : processes_called("coxstepd", "--nursery")) {
    const auto text = platform::read_file("/proc/" + std::to_string(pid) + "/status", 65536);
    if (text && text->find("\nPPid:\t" + std::to_string(daemon) + "\n") != std::string::npos) {
      return pid;
    }
  }
  return 0;
}

class Unborn : public ::testing::TestWithParam<bool> {};

TEST_P(Unborn, a_job_that_may_not_run_twice_runs_once) {
  const bool comes_late = GetParam();  // the nursery lives on, with the order to fork
  Cluster cluster({.nodes = 1, .scheduling = "back_off = \"1s\"\n"});
  Client client = cluster.client();
  const auto before = client.submit(cluster.job("true"));
  ASSERT_EQ(client.end_of(before).state(), "COMPLETED");
  const int nursery = nursery_of(cluster, 0);
  ASSERT_GT(nursery, 0);
  ASSERT_EQ(::kill(nursery, SIGSTOP), 0);
  const auto id = client.submit(cluster.job("echo $COX_ATTEMPT >> ran").requeue(false));
  const std::string note = cluster.dir() + "/attempts-n1/" + std::to_string(id) + ".1";
  ASSERT_TRUE(eventually([&] { return platform::path_exists(note); }));
  cluster.kill_node(0);
  EXPECT_EQ(::kill(nursery, comes_late ? SIGSTOP : SIGKILL), 0);
  cluster.start_node(0);
  ASSERT_TRUE(cluster.hears_all_nodes());
  if (comes_late) {
    EXPECT_EQ(::kill(nursery, SIGCONT), 0);
  }
  const auto end = client.end_of(id);
  EXPECT_EQ(end.state(), "COMPLETED") << end.why();
  EXPECT_EQ(cluster.file("ran"), std::to_string(end.attempt()) + "\n");
  cluster.expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Nursery, Unborn, ::testing::Bool(), [](const auto& tried) {
  return std::string(tried.param ? "that_goes_on_later" : "that_dies_too");
});

}  // namespace
}  // namespace cox::daemons
