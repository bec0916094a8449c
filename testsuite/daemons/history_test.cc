// history.db with real daemons: nothing is missing and nothing is there twice, whenever the
// controller is killed; and the peak of memory is the kernel's.
#include <gtest/gtest.h>

#include <map>

#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

/// Entries of all jobs by id; a job that is there twice fails the test.
std::map<std::uint64_t, wire::HistoryEntry> history_of(Client& client) {
  std::map<std::uint64_t, wire::HistoryEntry> found;
  wire::ClientRequest request;
  request.mutable_history_query()->set_steps(true);
  const auto reply = client.ask_surely(request);
  EXPECT_TRUE(reply) << reply.error().message;
  if (!reply) return found;
  for (const wire::HistoryEntry& entry : reply->history().entries()) {
    EXPECT_TRUE(found.emplace(entry.job().job(), entry).second) << entry.job().job();
  }
  return found;
}

TEST(History, a_controller_killed_again_and_again_loses_and_doubles_no_row) {
  Cluster cluster({.nodes = 1, .emulated = false});
  Client client = cluster.client();
  std::map<std::uint64_t, int> exits;
  for (int round = 0; round < 6; ++round) {
    // The last of each round is killed at various moments between its commit and its row's write.
    for (int i = 0; i < 4; ++i) {
      const int code = round * 4 + i;
      const auto id = client.submit(cluster.job("exit " + std::to_string(code)));
      EXPECT_EQ(client.end_of(id).exit_code(), code);
      exits[id] = code;
    }
    cluster.kill_controller();
    cluster.start_controller();
    const auto found = history_of(client);
    EXPECT_EQ(found.size(), exits.size());
    for (const auto& [id, code] : exits) {
      const auto entry = found.find(id);
      ASSERT_NE(entry, found.end()) << id;
      EXPECT_EQ(entry->second.job().exit_code(), code);
      EXPECT_EQ(entry->second.failure(), code == 0 ? "none" : "program");
      EXPECT_EQ(entry->second.job().steps_size(), 1);
    }
  }
  cluster.expect_nothing_left();
}

TEST(History, a_damaged_file_stops_nothing_and_a_new_one_is_begun) {
  Cluster cluster({.nodes = 1, .emulated = false});
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("exit 3"));
  EXPECT_EQ(client.end_of(id).exit_code(), 3);
  cluster.kill_controller();
  for (const char* suffix : {"-wal", "-shm"}) {
    static_cast<void>(platform::remove_path(cluster.dir() + "/state/history.db" + suffix));
  }
  ASSERT_TRUE(platform::write_file_atomic(cluster.dir() + "/state/history.db", "no database"));
  cluster.start_controller();
  EXPECT_NE(cluster.file("../ctld.log").find("history cannot be opened"), std::string::npos);
  const auto next = client.submit(cluster.job("exit 4"));
  EXPECT_EQ(client.end_of(next).exit_code(), 4);
  cluster.kill_controller();
  ASSERT_TRUE(platform::remove_path(cluster.dir() + "/state/history.db"));
  cluster.start_controller();
  const auto found = history_of(client);
  EXPECT_EQ(found.size(), 2U) << "the journal still has both";
  cluster.expect_nothing_left();
}

TEST(Trap28, a_spike_of_memory_too_short_for_any_poll_is_in_the_record) {
  Cluster cluster({.nodes = 1, .emulated = false});
  if (!cluster.containment().starts_with("cgroup")) GTEST_SKIP() << cluster.containment();
  Client client = cluster.client();
  // 64 MiB, held for as long as it takes to let go of them.
  const auto id = client.submit(
      cluster.job("head -c 64M /dev/zero | tail -c 64M > /dev/null").memory_mib(1024));
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  const auto found = history_of(client);
  ASSERT_EQ(found.size(), 1U);
  const wire::HistoryEntry& entry = found.at(id);
  EXPECT_GE(entry.job().usage().memory_peak_bytes(), 60 << 20);
  ASSERT_EQ(entry.job().steps_size(), 1);
  EXPECT_GE(entry.job().steps(0).result().usage().memory_peak_bytes(), 60 << 20);
  cluster.expect_nothing_left();
}

TEST(History, a_row_tells_who_what_and_with_which_resources) {
  Cluster cluster({.nodes = 2});
  Client client = cluster.client();
  auto job = cluster.job("true").nodes(2).named("pair").seconds(60);
  (*job.message().mutable_request()->mutable_labels())["app"] = "cfd";
  const auto id = client.submit(job);
  EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  const auto line = [&](const std::string& options) {
    return cluster.shell("cox history --no-header " + options).output;
  };
  const std::string columns = "-o job,name,state,exit,nodes,where,failure,labels,askcpus";
  const std::string expected =
      std::to_string(id) + "  pair  COMPLETED  0  2  n[1-2]  none  app=cfd  2\n";
  EXPECT_EQ(line(columns), expected);
  EXPECT_EQ(line("-l app=cfd -s CD -S 1h " + columns), expected);
  EXPECT_EQ(line("-l app=md " + columns), "");
  EXPECT_EQ(line("-s F " + columns), "");
  EXPECT_EQ(line("-E 1h " + columns), "");
  cluster.expect_nothing_left();
}

TEST(History, show_why_wait_and_logs_answer_for_a_job_that_left_memory) {
  ClusterOptions options;
  options.nodes = 1;
  options.emulated = false;
  options.scheduling = "[history]\nkeep_in_memory = \"0s\"\n";
  Cluster cluster(options);
  Client client = cluster.client();
  wire::ClientRequest request;  // without a key, which would keep it for an hour
  *request.mutable_submit() = cluster.job("echo gone by; exit 3").message();
  request.mutable_submit()->clear_key_low();
  request.mutable_submit()->clear_key_high();
  const auto reply = client.ask(request);
  ASSERT_TRUE(reply) << reply.error().message;
  const std::string id = std::to_string(reply->submitted().job());
  EXPECT_EQ(client.end_of(reply->submitted().job()).exit_code(), 3);
  ASSERT_TRUE(eventually([&] { return client.jobs(true).empty(); })) << "it is still in memory";
  for (int restarts = 0; restarts < 2; ++restarts) {
    const Ran shown = cluster.shell("cox show job " + id);
    EXPECT_NE(shown.output.find("FAILED"), std::string::npos) << shown.output;
    EXPECT_NE(cluster.shell("cox why " + id).output.find("ended"), std::string::npos);
    EXPECT_EQ(cluster.shell("cox wait " + id).status, 3);
    EXPECT_EQ(cluster.shell("cox logs " + id).output, "gone by\n");
    cluster.kill_controller();
    cluster.start_controller();
    EXPECT_TRUE(client.jobs(true).empty());
  }
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
