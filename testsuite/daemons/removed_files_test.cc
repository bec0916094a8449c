// Daemons whose files are removed under them: those without which they would promise what nobody
// finds again end them, loudly, and what comes in their place goes on from what is on disk; those
// that only cut others off are made anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

constexpr int storage_failed = 70;

bool says(const Cluster& cluster, const std::string& log, const std::string& words) {
  return eventually([&] { return cluster.file("../" + log).find(words) != std::string::npos; });
}

TEST(RemovedFiles, end_the_daemon_whose_lock_they_were_and_the_next_takes_over) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  const auto id =
      client.submit(cluster.job("echo $$ > task; while [ ! -e end ]; do sleep 0.02; done"));
  ASSERT_TRUE(cluster.shows("task", "\n"));
  ASSERT_TRUE(platform::remove_path(cluster.dir() + "/ctld.pid"));
  EXPECT_EQ(cluster.controller().wait(), storage_failed);
  EXPECT_TRUE(says(cluster, "ctld.log", "ctld.pid was removed or replaced under"));
  cluster.start_controller();
  const std::string lock = cluster.dir() + "/noded-" + Cluster::node_name(0) + ".pid";
  ASSERT_TRUE(platform::write_file_atomic(lock, "1\n"));
  EXPECT_EQ(cluster.node(0).wait(), exit_status(Code::refused));
  cluster.start_node(0);
  EXPECT_TRUE(cluster.hears_all_nodes());
  cluster.write("end", "");
  EXPECT_EQ(cluster.client().end_of(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(RemovedFiles, end_a_controller_whose_journal_they_were_and_nothing_begins_anew) {
  Cluster cluster({.nodes = 1});
  Client client = cluster.client();
  client.submit(cluster.job("true"));
  ASSERT_TRUE(platform::remove_tree(cluster.dir() + "/state"));
  EXPECT_EQ(cluster.controller().wait(), storage_failed);
  EXPECT_TRUE(says(cluster, "ctld.log", "journal.db was removed or replaced under"));
  cluster.spawn_controller();
  EXPECT_EQ(cluster.controller().wait(), exit_status(Code::refused));
}

/// Facts stand in the log until a quiet moment comes; submits follow each other without one.
TEST(RemovedFiles, lose_no_job_where_the_log_of_the_journal_was_among_them) {
  Cluster cluster({.nodes = 1});
  const auto submit_until_it_ends = [&] {
    return cluster.shell(
        "for i in $(seq 2000); do timeout 5 cox submit --hold -- true || exit 0; "
        "[ $i = 20 ] && rm ../state/journal.db-wal; done 2> said; exit 1");
  };
  const Ran ran = submit_until_it_ends();
  EXPECT_EQ(ran.status, 0) << ran.output.substr(0, 300);
  EXPECT_EQ(cluster.controller().wait(), storage_failed);
  EXPECT_TRUE(says(cluster, "ctld.log", "journal.db-wal was removed or replaced under"));
  cluster.start_controller();
  const auto acknowledged = std::ranges::count(ran.output, '\n');
  EXPECT_GE(acknowledged, 20);
  const Ran known = cluster.shell("cox queue --no-header -o job | wc -l");
  EXPECT_GE(std::stol(known.output), acknowledged) << ran.output;
}

TEST(RemovedFiles, are_made_anew_where_they_are_sockets) {
  Cluster cluster({.nodes = 1});
  for (const std::string name : {"ctld.sock", "noded-n1.sock"}) {
    const std::string path = cluster.dir() + "/" + name;
    ASSERT_TRUE(platform::remove_path(path));
    EXPECT_TRUE(eventually([&] { return platform::path_exists(path); })) << name;
  }
  EXPECT_EQ(cluster.shell("cox run sh -c 'cox queue --no-header -o state'").output, "RUNNING\n");
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
