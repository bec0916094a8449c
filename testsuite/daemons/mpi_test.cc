// An Open MPI program started by `cox run` over two nodes, without mpirun.
#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

class Mpi : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!platform::path_exists(program_)) GTEST_SKIP() << program_ << " was not built";
  }

  void expect_ring(std::uint32_t uid) {
    const auto ran = cluster_.shell("cox run -N 2 -n 8 " + program_, uid);
    EXPECT_EQ(ran.status, 0) << ran.output << cluster_.file("../noded-n1.log");
    for (int rank = 0; rank < 8; ++rank) {
      const std::string line = "rank " + std::to_string(rank) + " of 8 on ";
      EXPECT_NE(ran.output.find(line), std::string::npos) << ran.output;
    }
    EXPECT_NE(ran.output.find("ring of 8 ranks"), std::string::npos) << ran.output;
    cluster_.expect_nothing_left();
  }

  const std::string program_ = example("cox-example-mpi");
  Cluster cluster_{{.nodes = 2, .topology = "core:4 pu:1"}};
};

TEST_F(Mpi, program_finds_all_its_ranks_as_root) {
  expect_ring(0);
}

TEST_F(Mpi, program_finds_ranks_that_do_not_follow_the_nodes) {
  const auto ran = cluster_.shell("cox run -N 2 -n 8 -m plane=3 " + program_);
  EXPECT_EQ(ran.status, 0) << ran.output << cluster_.file("../noded-n1.log");
  for (const char* line : {"rank 0 of 8 on n1", "rank 2 of 8 on n1", "rank 3 of 8 on n2",
                           "rank 5 of 8 on n2", "rank 6 of 8 on n1", "rank 7 of 8 on n2"}) {
    EXPECT_NE(ran.output.find(line), std::string::npos) << line << "\n" << ran.output;
  }
  EXPECT_NE(ran.output.find("ring of 8 ranks"), std::string::npos) << ran.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpi, program_finds_all_its_ranks_as_an_ordinary_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "another user needs root";
  expect_ring(nobody);
}

TEST_F(Mpi, several_steps_at_once_do_not_meet) {
  const auto ran = cluster_.shell(
      "cat > job <<'END'\n"
      "for i in 1 2 3; do cox run --overlap -N 2 -n 2 " +
      program_ +
      " >out.$i 2>&1 || echo failed $i & done; wait; cat out.*\nEND\n"
      "cox alloc -N 2 -n 2 -- sh job");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(count_lines(ran.output, "ring of 2 ranks: token and sum are right"), 3U) << ran.output;
  EXPECT_EQ(ran.output.find("failed"), std::string::npos) << ran.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpi, program_that_spawns_more_processes_is_refused_at_once) {
  const auto ran =
      cluster_.shell("cox run -N 2 -n 2 " + std::string(COX_MPI_PROGRAMS_DIR) + "/spawner.openmpi");
  EXPECT_NE(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("MPI_ERR_SPAWN: could not spawn processes"), std::string::npos)
      << ran.output;
  EXPECT_NE(ran.output.find("a task aborted the step with status "), std::string::npos)
      << ran.output;
  EXPECT_EQ(ran.output.find("spawned"), std::string::npos) << ran.output;
  cluster_.expect_nothing_left();
}

// By itself: with --mpi none nobody judges. Where we do, noded/stepd has the test.
TEST_F(Mpi, program_that_finds_itself_alone_says_so) {
  const auto ran = cluster_.shell("unset COX_NTASKS; cox run -N 2 -n 8 --mpi none " + program_);
  EXPECT_NE(ran.status, 0) << ran.output;
  cluster_.expect_nothing_left();
}

TEST_F(Mpi, rank_that_is_killed_ends_the_step_on_both_nodes) {
  const auto ran =
      cluster_.shell("cox run -N 2 -n 4 sh -c 'test $COX_RANK = 3 && kill -9 $$; exec sleep 1000'");
  EXPECT_EQ(ran.status, 128 + SIGKILL) << ran.output;
  cluster_.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
