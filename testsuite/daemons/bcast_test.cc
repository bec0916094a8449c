// A file to all nodes of a job, and a wire-up that is tried on them.
#include <gtest/gtest.h>

#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

TEST(Bcast, puts_a_whole_file_on_every_node) {
  Cluster cluster({.nodes = 3, .topology = "core:2 pu:1"});
  // Nodes of one machine share its disk: each has a directory of its own under its name.
  const auto ran = cluster.shell(
      "head -c 5000000 /dev/urandom > data; chmod 640 data; mkdir n1 n2 n3\n"
      "for n in n1 n2 n3; do\n"
      "  cox alloc -N 3 -- cox bcast -w $n data $PWD/$n/copy || exit 9\n"
      "done\n"
      "cmp data n1/copy && cmp data n2/copy && cmp data n3/copy && stat -c %a n3/copy && ls n1");
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("640\ncopy\n"), std::string::npos) << ran.output;
  cluster.expect_nothing_left();
}

TEST(Bcast, goes_to_all_nodes_at_once_and_replaces_only_when_told) {
  Cluster cluster({.nodes = 2, .topology = "core:2 pu:1"});
  const auto ran = cluster.shell(
      "echo new > data; echo old > there; mkdir dir\n"
      "cox alloc -N 2 -- sh -c '"
      "cox bcast --force data '$PWD'/there; cat there; cox bcast -f data '$PWD'/dir; cat dir/data; "
      "cox bcast data '$PWD'/there; echo status $?'; ls");
  EXPECT_NE(ran.output.find("new\nnew\n"), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("/there: is there already (to replace it: --force)"), std::string::npos)
      << ran.output;
  EXPECT_NE(ran.output.find("status 1\n"), std::string::npos) << ran.output;
  EXPECT_EQ(ran.output.find(".cox."), std::string::npos) << "nothing half is left\n" << ran.output;
  cluster.expect_nothing_left();
}

TEST(Bcast, that_cannot_be_says_why) {
  Cluster cluster({.nodes = 1});
  EXPECT_EQ(
      cluster.shell("cox bcast data /tmp/x").output.find("cox: --within JOB or --label is missing"),
      0U);
  EXPECT_EQ(cluster.shell("cox bcast --within 1 data tmp/x").status, 125);
  EXPECT_NE(cluster.shell("cox alloc -- cox bcast nosuch /tmp/x").output.find("nosuch"),
            std::string::npos);
  EXPECT_NE(cluster.shell("cox alloc -- cox bcast . /tmp/x").output.find("is no regular file"),
            std::string::npos);
  const auto ran = cluster.shell("echo x > data; cox alloc -- cox bcast data /nowhere/x");
  EXPECT_NE(ran.output.find("cox: n1: /nowhere/x: cannot be written"), std::string::npos)
      << ran.output;
  cluster.expect_nothing_left();
}

TEST(DoctorMpi, wires_up_tasks_of_each_class_of_nodes) {
  Cluster cluster({.nodes = 2, .topology = "core:2 pu:1"});
  const auto ran = cluster.shell("cox doctor mpi");
  EXPECT_NE(ran.output.find("(n[1-2]), pmix: 4 tasks, PMIx "), std::string::npos) << ran.output;
  EXPECT_NE(ran.output.find("(n[1-2]), pmi1: 4 tasks, PMI-1"), std::string::npos) << ran.output;
  EXPECT_EQ(ran.status, 0) << ran.output;
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
