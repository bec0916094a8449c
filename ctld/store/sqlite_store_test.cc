// The journal on a real disk: reopened, fenced, held alone, damaged, full.
#include "ctld/store/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>
#include <utility>
#include <vector>

#include "ctld/store/store_testing.h"
#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

using platform::ScratchDir;

/// Changes the file behind the store's back.
void run_sql(const std::string& directory, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open((directory + "/journal.db").c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(SqliteStore, what_was_appended_is_there_after_a_reopen) {
  const ScratchDir dir;
  {
    auto store = opened(dir.path());
    ASSERT_TRUE(store->append({batch(1, {"a", "b"}), batch(3, {"c"})}));
    ASSERT_TRUE(store->append({batch(4, {"d"})}));
  }
  auto store = opened(dir.path());
  EXPECT_EQ(*loaded(*store), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(SqliteStore, a_checkpoint_changes_nothing_that_can_be_read) {
  const ScratchDir dir;
  auto store = opened(dir.path());
  ASSERT_TRUE(store->append({batch(1, {"a"})}));
  EXPECT_GT(store->untidy_bytes(), 0U);
  ASSERT_TRUE(store->tidy());
  EXPECT_EQ(store->untidy_bytes(), 0U);
  ASSERT_TRUE(store->append({batch(2, {"b"})}));
  EXPECT_EQ(*loaded(*store), (std::vector<std::string>{"a", "b"}));
}

TEST(SqliteStore, blobs_are_kept_once_under_their_hash) {
  const ScratchDir dir;
  auto store = opened(dir.path());
  Hash hash;
  hash.bytes[0] = 7;
  Batch first = batch(1, {"a"});
  first.blobs = {{hash, std::make_shared<const std::string>("#!/bin/sh\n")}};
  Batch second = batch(2, {"b"});
  second.blobs = first.blobs;
  ASSERT_TRUE(store->append({first, second}));
  EXPECT_EQ(*store->read_blob(hash), "#!/bin/sh\n");
  const auto missing = store->read_blob(Hash{});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
}

TEST(SqliteStore, a_controller_of_an_older_epoch_is_refused_and_writes_nothing) {
  const ScratchDir dir;
  auto store = opened(dir.path());
  ASSERT_TRUE(store->append({batch(1, {"a"}, Epoch(2))}));
  const auto late = store->append({batch(2, {"b"}, Epoch(1))});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::refused);
  EXPECT_EQ(*loaded(*store), (std::vector<std::string>{"a"}));
}

TEST(SqliteStore, a_second_controller_cannot_open_the_same_journal) {
  const ScratchDir dir;
  auto store = opened(dir.path());
  ASSERT_TRUE(store->append({batch(1, {"a"})}));
  const auto second = open_sqlite_store(dir.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::refused);
}

TEST(SqliteStore, a_damaged_record_is_named_by_its_sequence) {
  const ScratchDir dir;
  {
    auto store = opened(dir.path());
    ASSERT_TRUE(store->append({batch(1, {"first", "second"}), batch(3, {"third"})}));
  }
  run_sql(dir.path(),
          "UPDATE batch SET body = CAST(substr(body, 1, length(body) - 1) || x'00' AS BLOB) "
          "WHERE first_seq = 1");
  auto store = opened(dir.path());
  const auto read = loaded(*store);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "sequence 2 is not whole");
}

TEST(SqliteStore, a_batch_that_vanished_is_named_by_its_sequence) {
  const ScratchDir dir;
  {
    auto store = opened(dir.path());
    ASSERT_TRUE(store->append({batch(1, {"a"}), batch(2, {"b"}), batch(3, {"c"})}));
  }
  run_sql(dir.path(), "DELETE FROM batch WHERE first_seq = 2");
  auto store = opened(dir.path());
  const auto read = loaded(*store);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "sequence 2 is not whole");
}

TEST(SqliteStore, a_journal_of_an_unknown_format_is_refused) {
  const ScratchDir dir;
  { auto store = opened(dir.path()); }
  run_sql(dir.path(), "UPDATE meta SET value = 99 WHERE key = 'format'");
  const auto store = open_sqlite_store(dir.path());
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("format 99"), std::string::npos) << store.error().message;
}

TEST(SqliteStore, a_full_disk_keeps_what_was_committed_and_writes_nothing_by_halves) {
  const ScratchDir dir;
  SqliteOptions small;
  small.pages_max = 64;
  auto store = *open_sqlite_store(dir.path(), small);
  ASSERT_TRUE(store->append({batch(1, {"a"})}));
  const std::string large(64 * 4096, 'x');
  const auto full = store->append({batch(2, {"b"}), batch(3, {large})});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, Code::storage_full) << full.error().message;
  EXPECT_EQ(*loaded(*store), (std::vector<std::string>{"a"}));
  ASSERT_TRUE(store->append({batch(2, {"b"})}));
  EXPECT_EQ(*loaded(*store), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace cox::ctld
