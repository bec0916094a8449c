// The controller is killed again and again while it writes checkpoints: nothing that was
// acknowledged is lost, nothing runs twice, and the journal is cut behind the checkpoints.
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>

#include "common/text.h"
#include "platform/file.h"
#include "testsuite/daemons/cluster.h"

namespace cox::daemons {
namespace {

constexpr int kills = 5;
constexpr int jobs_per_life = 10;

std::int64_t ask_sql(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  std::int64_t value = -1;
  if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return value;
}

constexpr const char* last_page_of_batches =
    "SELECT pageno FROM dbstat WHERE name = 'batch' AND pagetype = 'leaf' ORDER BY path DESC";

/// Pages count from 1.
void damage_page(const std::string& file, std::int64_t page) {
  constexpr std::int64_t page_bytes = 4096;
  ASSERT_GT(page, 1);
  std::fstream open(file, std::ios::binary | std::ios::in | std::ios::out);
  open.seekp((page - 1) * page_bytes);
  open << std::string(page_bytes, '\xA5');
}

TEST(Checkpoints, a_controller_killed_among_them_loses_nothing_and_runs_nothing_twice) {
  ClusterOptions options;
  options.nodes = 1;
  options.scheduling = "[history]\ncheckpoint_facts = 10\n";
  Cluster cluster(options);
  Client client = cluster.client();
  std::vector<std::uint64_t> ids;
  for (int life = 0; life < kills; ++life) {
    for (int i = 0; i < jobs_per_life; ++i) {
      ids.push_back(client.submit(cluster.job("echo $COX_JOB_ID >> ran").memory_mib(16)));
    }
    cluster.kill_controller();
    cluster.start_controller();
  }
  for (const std::uint64_t id : ids) EXPECT_EQ(client.end_of(id).state(), "COMPLETED");
  const std::string lines = cluster.file("ran");
  auto ran = split(lines, '\n');
  std::erase(ran, "");
  std::ranges::sort(ran);
  EXPECT_EQ(ran.size(), ids.size());
  EXPECT_EQ(std::ranges::adjacent_find(ran), ran.end());
  // Checkpoints were made, and with what the journal has behind them nothing is missing.
  EXPECT_EQ(cluster.controller().end(SIGTERM), 0);
  const std::string state = cluster.dir() + "/state";
  EXPECT_GT(ask_sql(state + "/state.db", "SELECT value FROM meta WHERE key = 'sequence'"), 0);
  EXPECT_GT(ask_sql(state + "/journal.db", "SELECT ifnull(min(first_seq), 2) FROM batch"), 1);
  cluster.start_controller();
  for (const std::uint64_t id : ids) EXPECT_EQ(client.view(id).state(), "COMPLETED");
  cluster.expect_nothing_left();
}

TEST(Checkpoints, a_state_file_with_a_hole_is_made_again_from_a_journal_that_is_whole) {
  ClusterOptions options;
  options.nodes = 1;
  options.emulated = false;
  Cluster cluster(options);
  Client client = cluster.client();
  const auto id = client.submit(cluster.job("exit 3"));
  EXPECT_EQ(client.end_of(id).exit_code(), 3);
  EXPECT_EQ(cluster.controller().end(SIGTERM), 0);
  const std::string file = cluster.dir() + "/state/state.db";
  ask_sql(file, "UPDATE chunk SET body = x'00' WHERE kind = 0");
  cluster.start_controller();
  EXPECT_EQ(client.view(id).exit_code(), 3);
  EXPECT_TRUE(platform::read_file(file + ".unreadable", std::size_t{1} << 30))
      << "kept for whoever examines it";
  EXPECT_EQ(cluster.controller().end(SIGTERM), 0);
  cluster.start_controller();
  EXPECT_EQ(client.view(id).exit_code(), 3);
  cluster.expect_nothing_left();
}

/// The last page holds the newest facts: what was in it is lost, and nothing is given out twice.
TEST(Checkpoints, a_journal_whose_last_page_cannot_be_read_loses_that_and_goes_on) {
  ClusterOptions options;
  options.nodes = 1;
  options.emulated = false;
  Cluster cluster(options);
  Client client = cluster.client();
  const auto first = client.submit(cluster.job("exit 3"));
  EXPECT_EQ(client.end_of(first).exit_code(), 3);
  const std::string long_name(100, 'x');
  std::vector<std::uint64_t> held;
  for (int i = 0; i < 40; ++i) {
    held.push_back(client.submit(cluster.job("exit 0").named(long_name).held()));
  }
  cluster.kill_controller();
  const std::string file = cluster.dir() + "/state/journal.db";
  ask_sql(file, "PRAGMA wal_checkpoint(TRUNCATE)");
  damage_page(file, ask_sql(file, last_page_of_batches));
  cluster.start_controller();
  EXPECT_EQ(client.view(first).exit_code(), 3);
  const auto next = client.submit(cluster.job("exit 4"));
  EXPECT_GT(next, held.back() + 1000);
  EXPECT_EQ(client.end_of(next).exit_code(), 4);
  EXPECT_TRUE(platform::path_exists(file + ".unreadable"));
  EXPECT_EQ(cluster.controller().end(SIGTERM), 0);
  cluster.start_controller();
  EXPECT_EQ(client.end_of(next).exit_code(), 4);
  const auto left = std::ranges::count_if(
      held, [&](std::uint64_t id) { return bool(client.act(wire::JobAction::CANCEL, id)); });
  EXPECT_GT(left, 0);
  EXPECT_LT(left, 40) << "the test lost nothing";
  cluster.expect_nothing_left();
}

}  // namespace
}  // namespace cox::daemons
