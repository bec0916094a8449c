// libcoxpmix.so against real PMIx clients and real Open MPI ranks: a process per emulated node, the
// relay of testing/ between them, as root also for an ordinary user.
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "noded/stepd/pmix/testing/relay.h"

namespace cox::stepd {
namespace {

constexpr std::uint32_t nobody = 65534;

RunReport run(std::vector<std::uint32_t> tasks, std::vector<std::string> program) {
  RunRequest request;
  request.tasks = std::move(tasks);
  request.uid = ::geteuid();
  request.program = std::move(program);
  request.library = COX_PMIX_LIBRARY;
  request.node_program = COX_PMIX_NODE;
  return run_nodes(request);
}

RunReport run_as_nobody(std::vector<std::uint32_t> tasks, std::vector<std::string> program) {
  RunRequest request{std::move(tasks), nobody, std::move(program), COX_PMIX_LIBRARY, COX_PMIX_NODE};
  return run_nodes(request);
}

std::size_t lines_with(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++count;
  return count;
}

/// All ranks ended well, all servers ended cleanly, nothing stayed.
void expect_good(const RunReport& report, std::uint32_t nodes, std::uint32_t ranks) {
  EXPECT_EQ(report.exits.size(), ranks) << report.output;
  for (const auto& [rank, exit] : report.exits) EXPECT_EQ(exit, 0) << rank << "\n" << report.output;
  EXPECT_EQ(report.connected, ranks) << report.output;
  EXPECT_EQ(report.closed, nodes) << report.output;
  EXPECT_EQ(report.left_behind, std::vector<std::string>{});
}

TEST(Fences, OfHalvesAndOfAllBringEveryValueOnOneNode) {
  expect_good(run({4}, {COX_PMIX_PROBE, "fence"}), 1, 4);
}

TEST(Fences, OfHalvesAndOfAllBringEveryValueOnThreeNodes) {
  expect_good(run({2, 1, 3}, {COX_PMIX_PROBE, "fence"}), 3, 6);
}

TEST(DirectModex, BringsValuesOfOtherNodesThatWereNeverFenced) {
  expect_good(run({3, 3}, {COX_PMIX_PROBE, "modex"}), 2, 6);
}

TEST(Abort, ArrivesWithStatusAndMessageAndEndsTheServersCleanly) {
  const RunReport report = run({2, 2}, {COX_PMIX_PROBE, "abort", "3", "7"});
  EXPECT_EQ(report.aborted, 7) << report.output;
  EXPECT_EQ(report.abort_message, "told to abort");
  EXPECT_EQ(report.closed, 2U) << report.output;
  EXPECT_EQ(report.left_behind, std::vector<std::string>{});
}

TEST(DeadRank, IsReportedWithItsStatusWhileOthersWaitInAFence) {
  const RunReport report = run({2, 2}, {COX_PMIX_PROBE, "die", "1", "9"});
  ASSERT_TRUE(report.exits.contains(1)) << report.output;
  EXPECT_EQ(report.exits.at(1), 9);
  EXPECT_EQ(report.exits.size(), 4U) << report.output;
  EXPECT_EQ(report.closed, 2U) << report.output;
}

TEST(Singletons, AreSeenAsNoConnectedRank) {
  const RunReport report = run({2}, {"/bin/true"});
  EXPECT_EQ(report.connected, 0U) << report.output;
  EXPECT_EQ(report.closed, 1U) << report.output;
}

TEST(OrdinaryUser, ReachesAServerThatRootStarted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  expect_good(run_as_nobody({2, 2}, {COX_PMIX_PROBE, "fence"}), 2, 4);
}

#ifdef COX_EXAMPLE_MPI

void expect_ring(const RunReport& report, std::uint32_t nodes, std::uint32_t ranks) {
  expect_good(report, nodes, ranks);
  const std::string size = std::to_string(ranks);
  EXPECT_EQ(lines_with(report.output, " of " + size + " on "), ranks) << report.output;
  EXPECT_EQ(lines_with(report.output, "ring of " + size + " ranks: token and sum are right"), 1U)
      << report.output;
}

TEST(OpenMpi, RunsOnOneNode) {
  expect_ring(run({4}, {COX_EXAMPLE_MPI}), 1, 4);
}

TEST(OpenMpi, RunsOnTwoNodesThatShareThisMachine) {
  expect_ring(run({4, 4}, {COX_EXAMPLE_MPI}), 2, 8);
}

TEST(OpenMpi, RunsForAnOrdinaryUserOfTwoNodes) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  expect_ring(run_as_nobody({2, 3}, {COX_EXAMPLE_MPI}), 2, 5);
}

bool bring_loopback_up() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool is_up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return is_up;
}

TEST(OpenMpi, RunsOnTwoNodesWhereLoopbackIsTheOnlyNetwork) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs a network namespace";
  const int pid = ::fork();
  if (pid == 0) {
    if (::unshare(CLONE_NEWNET) != 0 || !bring_loopback_up()) std::_Exit(77);
    expect_ring(run({2, 2}, {COX_EXAMPLE_MPI}), 2, 4);
    std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no network namespace may be made here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

#endif

}  // namespace
}  // namespace cox::stepd
