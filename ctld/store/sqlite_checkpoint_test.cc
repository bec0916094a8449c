// state.db on a real disk: valid all at once, cleaned behind, full, held alone, private.
#include "ctld/store/sqlite_checkpoint.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <map>
#include <string>

#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

using platform::ScratchDir;

constexpr ChunkKey first_jobs{ChunkKind::jobs, 0};
constexpr ChunkKey second_jobs{ChunkKind::jobs, 1};

std::unique_ptr<CheckpointStore> opened_checkpoint(const std::string& directory) {
  auto store = open_sqlite_checkpoint(directory);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

std::map<ChunkKey, std::string> contents(CheckpointStore& store) {
  std::map<ChunkKey, std::string> found;
  EXPECT_TRUE(store.load([&](const FoundChunk& chunk) -> Result<void> {
    EXPECT_TRUE(chunk.is_readable);
    found[chunk.key] = chunk.body;
    return {};
  }));
  return found;
}

std::int64_t ask_sql(const std::string& directory, const std::string& sql) {
  sqlite3* database = nullptr;
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_open((directory + "/state.db").c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  std::int64_t value = 0;
  if (sqlite3_step(statement) == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return value;
}

TEST(SqliteCheckpoint, is_empty_when_new) {
  const ScratchDir dir;
  auto store = opened_checkpoint(dir.path());
  EXPECT_EQ(store->sequence(), 0U);
  EXPECT_TRUE(contents(*store).empty());
}

TEST(SqliteCheckpoint, holds_the_newest_valid_body_of_each_chunk) {
  const ScratchDir dir;
  {
    auto store = opened_checkpoint(dir.path());
    ASSERT_TRUE(store->put({{first_jobs, "a"}, {second_jobs, "b"}}));
    ASSERT_TRUE(store->make_valid(10));
    ASSERT_TRUE(store->put({{second_jobs, "c"}}));
    ASSERT_TRUE(store->make_valid(0x1'0000'0000'0000));
    EXPECT_EQ(store->sequence(), 0x1'0000'0000'0000U);
  }
  auto store = opened_checkpoint(dir.path());
  EXPECT_EQ(store->sequence(), 0x1'0000'0000'0000U);
  const std::map<ChunkKey, std::string> expected{{first_jobs, "a"}, {second_jobs, "c"}};
  EXPECT_EQ(contents(*store), expected);
}

TEST(SqliteCheckpoint, one_that_was_not_finished_leaves_no_trace) {
  const ScratchDir dir;
  {
    auto store = opened_checkpoint(dir.path());
    ASSERT_TRUE(store->put({{first_jobs, "a"}}));
    ASSERT_TRUE(store->make_valid(10));
    ASSERT_TRUE(store->put({{first_jobs, "half"}, {second_jobs, "half"}}));
  }
  const std::map<ChunkKey, std::string> expected{{first_jobs, "a"}};
  {
    auto store = opened_checkpoint(dir.path());
    EXPECT_EQ(store->sequence(), 10U);
    EXPECT_EQ(contents(*store), expected);
    // Nor does it come back with the next one.
    ASSERT_TRUE(store->put({{ChunkKey{ChunkKind::nodes, 0}, "n"}}));
    ASSERT_TRUE(store->make_valid(20));
  }
  auto store = opened_checkpoint(dir.path());
  EXPECT_EQ(contents(*store).size(), 2U);
  EXPECT_EQ(contents(*store).at(first_jobs), "a");
}

TEST(SqliteCheckpoint, one_that_was_given_up_leaves_no_trace_in_the_next) {
  const ScratchDir dir;
  auto store = opened_checkpoint(dir.path());
  ASSERT_TRUE(store->put({{second_jobs, "half"}}));
  ASSERT_TRUE(store->abandon());
  ASSERT_TRUE(store->put({{first_jobs, "a"}}));
  ASSERT_TRUE(store->make_valid(1));
  store.reset();
  const std::map<ChunkKey, std::string> expected{{first_jobs, "a"}};
  EXPECT_EQ(contents(*opened_checkpoint(dir.path())), expected);
}

TEST(SqliteCheckpoint, old_rows_are_removed_in_slices_also_those_a_crash_left) {
  const ScratchDir dir;
  {
    auto store = opened_checkpoint(dir.path());
    for (std::uint64_t i = 1; i <= 3; ++i) {
      ASSERT_TRUE(store->put({{first_jobs, "a"}, {second_jobs, "b"}}));
      ASSERT_TRUE(store->make_valid(i));
    }
  }
  EXPECT_EQ(ask_sql(dir.path(), "SELECT count(*) FROM chunk"), 6);
  {
    auto store = opened_checkpoint(dir.path());
    EXPECT_EQ(*store->clean(1), false);
    for (int i = 0; i < 10 && !*store->clean(1); ++i) continue;
    EXPECT_EQ(*store->clean(1), true);
    EXPECT_EQ(contents(*store).size(), 2U);
  }
  EXPECT_EQ(ask_sql(dir.path(), "SELECT count(*) FROM chunk"), 2);
}

TEST(SqliteCheckpoint, an_empty_chunk_goes_with_its_older_rows) {
  const ScratchDir dir;
  {
    auto store = opened_checkpoint(dir.path());
    ASSERT_TRUE(store->put({{first_jobs, "a"}}));
    ASSERT_TRUE(store->make_valid(1));
    ASSERT_TRUE(store->put({{first_jobs, ""}}));
    ASSERT_TRUE(store->make_valid(2));
    EXPECT_EQ(*store->clean(10), true);
  }
  EXPECT_EQ(ask_sql(dir.path(), "SELECT count(*) FROM chunk"), 0);
}

TEST(SqliteCheckpoint, a_full_disk_leaves_the_valid_one_and_a_later_one_succeeds) {
  const ScratchDir dir;
  SqliteOptions small;
  small.pages_max = 64;
  auto store = *open_sqlite_checkpoint(dir.path(), small);
  ASSERT_TRUE(store->put({{first_jobs, "a"}}));
  ASSERT_TRUE(store->make_valid(1));
  ASSERT_TRUE(store->put({{first_jobs, "b"}}));
  const auto full = store->put({{second_jobs, std::string(64 * 4096, 'x')}});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::storage_full) << full.error().message;
  ASSERT_TRUE(store->abandon());
  ASSERT_TRUE(store->put({{first_jobs, "c"}}));
  ASSERT_TRUE(store->make_valid(3));
  store.reset();
  const std::map<ChunkKey, std::string> expected{{first_jobs, "c"}};
  EXPECT_EQ(contents(*opened_checkpoint(dir.path())), expected);
}

TEST(SqliteCheckpoint, a_second_controller_cannot_open_it) {
  const ScratchDir dir;
  auto store = opened_checkpoint(dir.path());
  const auto second = open_sqlite_checkpoint(dir.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::refused) << second.error().message;
}

TEST(SqliteCheckpoint, an_unknown_format_is_refused) {
  const ScratchDir dir;
  { auto store = opened_checkpoint(dir.path()); }
  ask_sql(dir.path(), "UPDATE meta SET value = 99 WHERE key = 'format'");
  const auto store = open_sqlite_checkpoint(dir.path());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("format 99"), std::string::npos) << store.error().message;
}

TEST(SqliteCheckpoint, its_files_are_closed_to_others) {
  const ScratchDir dir;
  auto store = opened_checkpoint(dir.path());
  ASSERT_TRUE(store->put({{first_jobs, "a"}}));
  for (const char* name : {"/state.db", "/state.db-wal"}) {
    struct stat found {};

    ASSERT_EQ(::stat((dir.path() + name).c_str(), &found), 0) << name;
    EXPECT_EQ(found.st_mode & 0777U, 0600U) << name;
  }
}

}  // namespace
}  // namespace cox::ctld
