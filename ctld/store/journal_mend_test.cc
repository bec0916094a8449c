// A journal with pages that cannot be read: what is lost is said, what is left goes on.
#include "ctld/store/journal_mend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "ctld/store/store_testing.h"
#include "platform/scratch_dir.h"

namespace cox::ctld {
namespace {

using platform::ScratchDir;

constexpr std::size_t page_bytes = 4096;
constexpr int batches = 300;

std::string text_of(int batch) {
  return "record " + std::to_string(1000 + batch) + std::string(100, '.');
}

std::string file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Writes over every page that holds `text`.
void damage(const std::string& directory, const std::string& text) {
  const std::string path = directory + "/journal.db";
  const std::string bytes = file_bytes(path);
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  std::size_t found = bytes.find(text);
  ASSERT_NE(found, std::string::npos);
  for (; found != std::string::npos; found = bytes.find(text, found + 1)) {
    file.seekp(static_cast<std::streamoff>(found / page_bytes * page_bytes));
    file << std::string(page_bytes, '\xA5');
  }
}

/// Of each visit a line: what a record says, or how many are missing.
std::vector<std::string> visits(Store& store) {
  std::vector<std::string> lines;
  const auto read = store.load(0, [&](const FoundRecord& found) -> Result<void> {
    const std::string at = std::to_string(found.sequence) + ": ";
    if (found.is_whole) {
      lines.push_back(at + std::string(found.bytes.substr(0, 11)));
    } else {
      lines.push_back(at + std::to_string(found.records) + " missing");
    }
    return {};
  });
  EXPECT_TRUE(read) << read.error().message;
  return lines;
}

class Mended : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = opened(dir.path());
    hash.bytes[0] = 7;
    for (int i = 1; i <= batches; ++i) {
      Batch one = batch(static_cast<std::uint64_t>(i), {text_of(i)}, Epoch(5));
      if (i == 1) one.blobs = {{hash, std::make_shared<const std::string>("#!/bin/sh\n")}};
      ASSERT_TRUE(store->append({one}));
    }
  }

  /// Loads, mends and loads again.
  std::unique_ptr<Store> mend() {
    auto store = opened(dir.path());
    before = visits(*store);
    const auto found = store->damage();
    EXPECT_TRUE(found.has_value());
    lost_tail = found.has_value() ? found->lost_tail : 0;
    store.reset();
    const auto done = mend_journal(dir.path(), found.value_or(JournalDamage{}));
    EXPECT_TRUE(done) << done.error().message;
    auto mended = opened(dir.path());
    EXPECT_EQ(visits(*mended), before);
    EXPECT_FALSE(mended->damage().has_value());
    return mended;
  }

  ScratchDir dir;
  Hash hash;
  std::vector<std::string> before;
  std::uint64_t lost_tail = 0;
};

TEST_F(Mended, WithoutItsLastPageGoesOnBehindAllThatMayHaveBeen) {
  damage(dir.path(), text_of(batches));
  {
    auto store = opened(dir.path());
    visits(*store);
    EXPECT_FALSE(store->append({batch(batches + 1, {"more"}, Epoch(5))}))
        << "what cannot be read cannot be written either";
  }
  auto store = mend();
  ASSERT_GE(before.size(), 100U);
  const std::uint64_t known = before.size() - 2;
  EXPECT_EQ(before[known],
            std::to_string(known + 1) + ": " + std::to_string(lost_tail_records - 1) + " missing");
  EXPECT_EQ(before.back(), std::to_string(lost_tail) + ": 1 missing");
  EXPECT_GT(lost_tail, known + lost_tail_records - 1);
  ASSERT_TRUE(store->append({batch(lost_tail + 1, {"more"}, Epoch(5))}));
  EXPECT_EQ(visits(*store).back(), std::to_string(lost_tail + 1) + ": more");
  EXPECT_EQ(*store->read_blob(hash), "#!/bin/sh\n");
  EXPECT_NE(file_bytes(dir.path() + "/journal.db.unreadable").find(text_of(1)), std::string::npos);
}

TEST_F(Mended, WithoutAPageInTheMiddleHasAGapOfKnownLength) {
  damage(dir.path(), text_of(batches / 2));
  auto store = mend();
  EXPECT_EQ(lost_tail, 0U);
  const auto gap = std::ranges::find_if(
      before, [](const std::string& line) { return line.ends_with(" missing"); });
  ASSERT_NE(gap, before.end());
  EXPECT_EQ(before.back(), std::to_string(batches) + ": record " + std::to_string(1000 + batches));
  ASSERT_TRUE(store->append({batch(batches + 1, {"more"}, Epoch(5))}));
}

TEST_F(Mended, KeepsOlderControllersOut) {
  damage(dir.path(), text_of(batches));
  auto store = mend();
  const auto late = store->append({batch(lost_tail + 1, {"more"}, Epoch(4))});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Code::refused);
}

TEST_F(Mended, MayBeMendedAgainWhereAPowerCutCameBetween) {
  damage(dir.path(), text_of(batches));
  std::ofstream(dir.path() + "/journal.db.mended") << "half of it";
  mend();
}

}  // namespace
}  // namespace cox::ctld
