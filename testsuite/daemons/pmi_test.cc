// Programs of MPICH and of Slurm's PMI-2 library started by `cox run`, without their launchers.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// One of testsuite/mpi; not there where its MPI is not installed.
std::string mpi_program(const std::string& name) {
  return std::string(COX_MPI_PROGRAMS_DIR) + "/" + name;
}

class Mpich : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!platform::path_exists(ring_)) GTEST_SKIP() << ring_ << " was not built: no mpicc.mpich";
  }

  void expect_ring(const std::string& command, std::uint32_t ranks, std::uint32_t uid = 0) {
    const auto ran = cluster_.shell(command, uid);
    const std::string size = std::to_string(ranks);
    EXPECT_EQ(ran.status, 0) << command << ": " << ran.output;
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      const std::string line = "rank " + std::to_string(rank) + " of " + size + " on ";
      EXPECT_NE(ran.output.find(line), std::string::npos) << command << ": " << ran.output;
    }
    EXPECT_NE(ran.output.find("ring of " + size + " ranks: token and sum are right"),
              std::string::npos)
        << command << ": " << ran.output;
  }

  const std::string ring_ = mpi_program("ring.mpich");
  const std::string all_to_all_ = mpi_program("all_to_all.mpich");
  // Of one network: over TCP, as between emulated nodes, MPICH 4.0.2 with UCX 1.13 now and then
  // hangs in MPI_Finalize, under its own mpiexec as well, since nothing drives its connections in
  // there.
  Cluster cluster_{{.nodes = 4, .emulated = false, .topology = "core:4 pu:1"}};
};

TEST_F(Mpich, ring_is_whole_on_one_node_and_on_several) {
  for (const char* shape : {"-N 1 -n 4 ", "-N 2 -n 4 ", "-N 4 -n 8 ", "-N 3 -n 4 "}) {
    const std::uint32_t ranks = std::string(shape).find("-n 8") == std::string::npos ? 4 : 8;
    expect_ring(std::string("cox run ") + shape + ring_, ranks);
  }
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, ring_is_whole_for_an_ordinary_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "another user needs root";
  expect_ring("cox run -N 2 -n 4 " + ring_, 4, nobody);
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, every_rank_reaches_every_other) {
  const auto ran = cluster_.shell("cox run -N 3 -n 6 " + all_to_all_);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("all to all of 6 ranks: right"), std::string::npos) << ran.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, several_steps_at_once_do_not_meet) {
  expect_ring("for i in 1 2 3; do cox run -N 2 -n 4 " + ring_ +
                  " >out.$i 2>&1 || echo failed $i & done; wait; cat out.*; "
                  "test $(grep -c 'are right' out.1 out.2 out.3 | grep -c ':1$') = 3",
              4);
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, and_open_mpi_are_both_served_behind_a_script) {
  expect_ring("cox run -N 2 -n 4 sh -c 'exec " + ring_ + "'", 4);
  if (const std::string open_mpi = example("cox-example-mpi"); platform::path_exists(open_mpi)) {
    expect_ring("cox run -N 2 -n 4 sh -c 'exec " + open_mpi + "'", 4);
  }
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, is_recognised_and_cox_run_says_so_when_asked) {
  const auto ran = cluster_.shell("cox run -v -n 2 " + ring_);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("cox: mpi: pmi1 or pmi2, since "), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find(" links libmpich.so.12 (MPICH)"), std::string::npos) << ran.output;
  const auto quiet = cluster_.shell("cox run -n 2 " + ring_);
  EXPECT_EQ(quiet.output.find("cox: mpi"), std::string::npos) << quiet.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, that_speaks_another_version_than_asked_for_is_told_apart) {
  const auto ran = cluster_.shell("cox run -N 2 -n 2 --mpi pmi2 " + ring_);
  EXPECT_NE(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("it speaks pmi-1, and --mpi asked for pmi2"), std::string::npos)
      << ran.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, that_finds_no_server_it_knows_is_no_success) {
  const auto ran =
      cluster_.shell("cox run -N 2 -n 2 --mpi pmix " + all_to_all_ + "; echo status $?");
  EXPECT_EQ(ran.output.find("status 0"), std::string::npos) << ran.output;
  const auto alone =
      cluster_.shell("cox run -n 2 --mpi pmix sh -c 'unset COX_NTASKS; exec " + all_to_all_ + "'");
  EXPECT_EQ(alone.status, 125) << "behind a shell, with a named server: " << alone.output;
  const auto other = cluster_.shell("cox run -n 2 --mpi pmix printenv");
  EXPECT_EQ(other.status, 0) << "no MPI program, and nothing that could start one: "
                             << other.output;
  cluster_.expect_nothing_left();
}

// Debian's build of it gives up before it asks us; noded/stepd has the test of what we answer.
TEST_F(Mpich, that_spawns_more_processes_fails_at_once) {
  const auto ran = cluster_.shell("cox run -N 2 -n 2 " + mpi_program("spawner.mpich"));
  EXPECT_NE(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("MPI_Comm_spawn"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("a task aborted the step with status "), std::string::npos)
      << ran.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpich, a_rank_that_is_killed_in_its_ring_ends_the_step_everywhere) {
  const auto ran = cluster_.shell(
      "cox run -N 4 -n 4 sh -c 'test $COX_RANK = 2 && kill -9 $$; exec " + ring_ + "'");
  EXPECT_EQ(ran.status, 128 + SIGKILL) << ran.output;
  cluster_.expect_nothing_left();
}

TEST(PmiTwo, program_of_slurms_library_meets_all_its_ranks) {
  const std::string program = mpi_program("pmi2_ring");
  if (!platform::path_exists(program)) GTEST_SKIP() << program << " was not built: no libpmi2";
  Cluster cluster({.nodes = 3, .topology = "core:4 pu:1"});
  for (const char* mpi : {"auto", "pmi2"}) {
    const auto ran =
        cluster.shell(std::string("cox run -v -N 3 -n 6 --mpi ") + mpi + " " + program);
    EXPECT_EQ(ran.status, 0) << ran.output;
    for (int rank = 0; rank < 6; ++rank) {
      const std::string line =
          "rank " + std::to_string(rank) + " of 6: words are right, (vector,(0,3,2))";
      EXPECT_NE(ran.output.find(line), std::string::npos) << ran.output;
    }
    EXPECT_NE(ran.output.find("cox: mpi: pmi2, "), std::string::npos) << ran.output;
  }
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
