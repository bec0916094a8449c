// The disk itself: what a cut may take, and what it may not.
#include "testsuite/power/power_disk.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cox::power {
namespace {

const std::string old_bytes(8192, 'o');
const std::string new_bytes(8192, 'n');

/// The content of a file after `work` and a cut, over many seeds; "-" where the file is gone.
template <class Work>
std::set<std::string> outcomes(Work work) {
  std::set<std::string> found;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    PowerDisk disk(seed);
    const InodePtr file = disk.open("a", true);
    disk.write(*file, 0, old_bytes);
    work(disk, *file);
    disk.cut();
    disk.restore();
    const InodePtr again = disk.open("a", false);
    found.insert(again == nullptr ? "-" : again->seen);
  }
  return found;
}

TEST(PowerDisk, KeepsWhatWasSyncedWithItsDirectory) {
  const auto found = outcomes([](PowerDisk& disk, Inode& file) {
    EXPECT_TRUE(disk.sync(file));
    EXPECT_TRUE(disk.sync_directory());
  });
  EXPECT_EQ(found, std::set<std::string>{old_bytes});
}

TEST(PowerDisk, MayLoseKeepOrTearWhatWasNotSynced) {
  const auto found = outcomes([](PowerDisk& disk, Inode& file) {
    disk.sync(file);
    disk.sync_directory();
    disk.write(file, 0, new_bytes);
  });
  EXPECT_TRUE(found.contains(old_bytes));
  EXPECT_TRUE(found.contains(new_bytes));
  EXPECT_GT(found.size(), 10U);
}

TEST(PowerDisk, MayForgetANewFileWhoseDirectoryWasNotSynced) {
  const auto found = outcomes([](PowerDisk& disk, Inode& file) { disk.sync(file); });
  EXPECT_EQ(found, (std::set<std::string>{"-", old_bytes}));
}

TEST(PowerDisk, MayBringBackAFileWhoseRemovalWasNotSynced) {
  const auto found = outcomes([](PowerDisk& disk, Inode& file) {
    disk.sync(file);
    disk.sync_directory();
    disk.remove("a");
  });
  EXPECT_EQ(found, (std::set<std::string>{"-", old_bytes}));
}

TEST(PowerDisk, LosesNothingWhenOnlyTheProcessDies) {
  PowerDisk disk(1);
  const InodePtr file = disk.open("a", true);
  disk.cut_after(2);
  EXPECT_TRUE(disk.write(*file, 0, old_bytes));
  EXPECT_FALSE(disk.write(*file, 0, new_bytes));
  EXPECT_FALSE(disk.sync(*file));
  disk.process_died();
  EXPECT_EQ(disk.open("a", false)->seen, new_bytes);
}

}  // namespace
}  // namespace cox::power
