// What the journal's log asks of a disk: ctld/store/log_vfs.h over a disk that counts.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

#include "ctld/store/store_testing.h"
#include "testsuite/power/power_disk.h"
#include "testsuite/power/power_vfs.h"

namespace cox::power {
namespace {

constexpr const char* log_path = "/power/journal.db-wal";

struct Log : ::testing::Test {
  PowerDisk disk{7};
  PowerVfs vfs{disk};
  std::unique_ptr<ctld::Store> store = ctld::opened("/power");
  std::uint64_t next = 1;

  Result<void> commit(const std::string& record) {
    auto done = store->append({ctld::batch(next, {record})});
    if (done) ++next;
    return done;
  }

  /// Writes and syncs of one commit.
  std::uint64_t operations_of(const std::string& record) {
    const std::uint64_t before = disk.operations();
    EXPECT_TRUE(commit(record));
    return disk.operations() - before;
  }

  std::size_t log_bytes() { return disk.open(log_path, false)->seen.size(); }
};

TEST_F(Log, a_commit_is_one_write_and_one_sync) {
  ASSERT_TRUE(commit("first"));
  EXPECT_EQ(operations_of("second"), 2U);
  EXPECT_EQ(operations_of(std::string(30'000, 'x')), 2U);
}

TEST_F(Log, grows_ahead_of_commits_so_that_most_leave_its_size_alone) {
  ASSERT_TRUE(commit("first"));
  int longer = 0;
  constexpr int commits = 200;
  for (int i = 0; i < commits; ++i) {
    const std::size_t before = log_bytes();
    ASSERT_TRUE(commit(std::string(500, 'r')));
    if (log_bytes() != before) ++longer;
  }
  EXPECT_GE(longer, 1);
  EXPECT_LE(longer, commits / 10);
}

TEST_F(Log, is_a_log_of_sqlite_when_only_the_process_dies) {
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(commit("record " + std::to_string(i)));
  disk.process_died();
  store.reset();
  store = ctld::opened("/power");
  const auto records = ctld::loaded(*store);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 50U);
  EXPECT_EQ(records->back(), "record 49");
}

TEST_F(Log, without_room_nothing_is_committed_and_the_same_batch_is_when_there_is) {
  ASSERT_TRUE(commit("first"));
  disk.set_full(true);
  for (int i = 0; i < 3; ++i) {
    const auto refused = commit("second");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::storage_full) << refused.error().message;
  }
  disk.set_full(false);
  ASSERT_TRUE(commit("second"));
  EXPECT_EQ(*ctld::loaded(*store), (std::vector<std::string>{"first", "second"}));
}

TEST_F(Log, what_was_committed_without_a_sync_survives_a_full_disk) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(commit(std::string(2000, 'r')));
  ASSERT_TRUE(store->cut(20, 1000));  // its sync is the next commit's
  disk.set_full(true);
  EXPECT_FALSE(commit("late"));
  disk.set_full(false);
  ASSERT_TRUE(commit("late"));
  disk.process_died();
  store.reset();
  store = ctld::opened("/power");
  std::uint64_t last = 0;
  const auto read = store->load(20, [&](const ctld::FoundRecord& found) -> Result<void> {
    EXPECT_TRUE(found.is_whole) << found.sequence;
    last = found.sequence;
    return {};
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(last, 41U);
}

TEST_F(Log, a_transaction_of_any_size_fits) {
  for (std::size_t kib = 120; kib <= 520; kib += 4) {
    ASSERT_TRUE(commit(std::string(kib << 10U, 'x'))) << kib;
  }
}

TEST_F(Log, content_that_was_gathered_and_not_yet_written_can_be_read) {
  ctld::Batch batch = ctld::batch(next, {"a"});
  Hash hash;
  hash.bytes[0] = 7;
  batch.blobs = {{hash, std::make_shared<const std::string>(std::string(3'000'000, 'b'))}};
  ASSERT_TRUE(store->append({batch}));
  ASSERT_TRUE(store->drop_blobs({Hash{}}));  // a transaction without a sync
  const auto read = store->read_blob(hash);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->size(), 3'000'000U);
}

}  // namespace
}  // namespace cox::power
