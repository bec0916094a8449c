// Tasks of a real node are bound to their cores and memory; those of emulated nodes are not, and
// both say so.
#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

constexpr const char* show_own =
    "sh -c 'grep ^Cpus_allowed_list /proc/$$/status; head -n 1 /proc/$$/numa_maps'";

TEST(Binding, on_this_machine_is_what_show_binding_said) {
  if (!platform::path_exists("/proc/self/numa_maps")) GTEST_SKIP() << "a kernel without NUMA";
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "one processor cannot be shared";
  Cluster cluster({.nodes = 1, .emulated = false});
  const auto ran = cluster.shell(std::string("cox run -l --show-binding -n 2 ") + show_own);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_NE(ran.output.find("cox: binding on n1: package 0 numa 0 "), std::string::npos)
      << ran.output;
  EXPECT_EQ(ran.output.find("not bound"), std::string::npos) << ran.output;
  EXPECT_EQ(ran.output.find("differs"), std::string::npos) << ran.output;
  EXPECT_LT(ran.output.find("binding on"), ran.output.find("Cpus_allowed"));
  for (const char* task : {"0: ", "1: "}) {
    EXPECT_NE(ran.output.find(std::string(task) + "Cpus_allowed_list:\t"), std::string::npos);
  }
  EXPECT_NE(ran.output.find(" bind:0 "), std::string::npos) << ran.output;
  cluster.expect_nothing_left();
}

TEST(Binding, on_emulated_nodes_is_planned_and_not_carried_out) {
  Cluster cluster({.nodes = 2, .topology = "package:1 numa:2 core:2 pu:1"});
  const auto ran = cluster.shell("cox run --show-binding -N 2 -n 4 -c 2 true");
  EXPECT_EQ(ran.status, 0) << ran.output;
  for (const char* line :
       {"cox: binding on n1: not bound: the node shares this machine with others\n",
        "cox: binding on n1: package 0 numa 0 l3 0: cores 0-1 task 0\n",
        "cox: binding on n1: package 0 numa 1 l3 1: cores 2-3 task 1\n",
        "cox: binding on n2: package 0 numa 0 l3 0: cores 0-1 task 2\n",
        "cox: binding on n2: package 0 numa 1 l3 1: cores 2-3 task 3\n"}) {
    EXPECT_NE(ran.output.find(line), std::string::npos) << line << ran.output;
  }
  cluster.expect_nothing_left();
}

TEST(Binding, threads_get_places_where_tasks_are_bound) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "one processor cannot be shared";
  const char* show = " sh -c 'echo places $OMP_PLACES $OMP_PROC_BIND $OMP_NUM_THREADS.'";
  Cluster cluster({.nodes = 1, .emulated = false});
  const auto ran = cluster.shell(std::string("unset OMP_PLACES OMP_PROC_BIND OMP_NUM_THREADS\n") +
                                 "cox run -n 2 -c 1 --bind numa" + show);
  EXPECT_EQ(ran.status, 0) << ran.output;
  EXPECT_EQ(ran.output, "places cores close 1.\nplaces cores close 1.\n");
  const auto alone = cluster.shell(std::string("cox run -n 2 -c 1 --bind none") + show);
  EXPECT_NE(alone.output.find("places 1.\n"), std::string::npos) << alone.output;
  cluster.expect_nothing_left();
}

TEST(Binding, that_cannot_be_is_refused_and_names_what_is_wrong) {
  Cluster cluster({.nodes = 1, .topology = "package:1 numa:1 core:2 pu:1"});
  const auto typed = cluster.shell("cox run --bind cors true");
  EXPECT_EQ(typed.status, 125);
  EXPECT_NE(typed.output.find("--bind: cors: auto, core, l3, numa, socket, gpu, none or list"),
            std::string::npos)
      << typed.output;
  const auto beyond = cluster.shell("cox alloc -n 2 -- cox run --bind list:5 true");
  EXPECT_NE(beyond.output.find("core 5 is none of the job's, which are 0-1"), std::string::npos)
      << beyond.output;
  cluster.expect_nothing_left();
}

TEST(Binding, and_the_order_of_ranks_are_kept_in_the_record) {
  Cluster cluster({.nodes = 2, .topology = "package:1 numa:2 core:2 pu:1"});
  const auto ran = cluster.shell(
      "cox alloc -N 2 -n 4 --bind socket -m cyclic -- sh -c '"
      "cox run -l sh -c \"echo \\$COX_NODE_NAME\"; cox show step $COX_JOB_ID.0; "
      "cox show job $COX_JOB_ID; cox show step $COX_JOB_ID.0 --json'");
  EXPECT_EQ(ran.status, 0) << ran.output;
  for (const char* line :
       {"0: n1\n", "1: n2\n", "2: n1\n", "3: n2\n", "socket, not bound: the node shares this ma",
        "cyclic", ", 4 tasks on n[1-2], not bound", "\"bind\": \"socket\"",
        "\"not_bound\": \"the node shares this machine with others\"",
        "package 0 numa 0 l3 0: cores 0-1 task 1,3"}) {
    EXPECT_NE(ran.output.find(line), std::string::npos) << line << "\n" << ran.output;
  }
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
