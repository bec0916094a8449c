// Directories for shared segments: made, removed, and those of crashed supervisors swept.
#include "noded/stepd/pmix/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace cox::stepd {
namespace {

namespace fs = std::filesystem;

class SharedMemoryTest : public ::testing::Test {
 protected:
  SharedMemoryTest() {
    char name[] = "/tmp/coxshm-XXXXXX";
    root_ = ::mkdtemp(name);
  }

  ~SharedMemoryTest() override { fs::remove_all(root_); }

  void leave_behind(const std::string& name) {
    fs::create_directory(root_ + "/" + name);
    std::ofstream(root_ + "/" + name + "/vader_segment.x") << "left";
  }

  std::string root_;
};

TEST_F(SharedMemoryTest, IsTheUsersOwnAndGoesWithItsContent) {
  std::string path;
  {
    const std::uint32_t uid = ::geteuid() == 0 ? 65534 : ::geteuid();
    const SharedMemory memory(root_, "1.1.0-0", uid, uid);
    path = memory.path();
    EXPECT_EQ(path, root_ + "/cox-mpi-1.1.0-0");

    struct stat found {};

    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_uid, uid);
    EXPECT_EQ(found.st_mode & 0777U, 0700U);
    std::ofstream(path + "/segment") << "x";
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(SharedMemoryTest, SweepsWhatACrashLeftButNotWhatIsInUse) {
  leave_behind("cox-mpi-old");
  leave_behind("somebody-else");
  const SharedMemory first(root_, "a", ::geteuid(), ::getegid());
  EXPECT_FALSE(fs::exists(root_ + "/cox-mpi-old"));
  const SharedMemory second(root_, "b", ::geteuid(), ::getegid());
  EXPECT_TRUE(fs::exists(first.path()));
  EXPECT_TRUE(fs::exists(second.path()));
  EXPECT_TRUE(fs::exists(root_ + "/somebody-else/vader_segment.x"));
}

TEST_F(SharedMemoryTest, NeverFollowsALinkOutOfItsPlace) {
  leave_behind("precious");
  fs::create_directory_symlink(root_ + "/precious", root_ + "/cox-mpi-trap");
  const SharedMemory memory(root_, "trap", ::geteuid(), ::getegid());
  EXPECT_TRUE(memory.path().empty());
  EXPECT_TRUE(fs::exists(root_ + "/precious/vader_segment.x"));
}

TEST_F(SharedMemoryTest, IsLeftToTheLibraryWhereItCannotBeMade) {
  const SharedMemory memory(root_ + "/missing", "a", ::geteuid(), ::getegid());
  EXPECT_EQ(memory.path(), "");
}

}  // namespace
}  // namespace cox::stepd
