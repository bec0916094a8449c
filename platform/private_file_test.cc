#include "platform/private_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

TEST(PrivateFile, IsOursAndClosedToOthers) {
  const ScratchDir dir;
  const std::string path = dir / "key";
  EXPECT_TRUE(check_private(path)) << "an absent one is as good";
  ASSERT_TRUE(write_file_atomic(path, "secret", {.mode = 0600}));
  EXPECT_TRUE(check_private(path));
  for (const mode_t open : {0640U, 0604U, 0620U, 0602U, 0666U}) {
    ASSERT_EQ(::chmod(path.c_str(), open), 0);
    EXPECT_FALSE(check_private(path)) << std::oct << open;
  }
  EXPECT_EQ(check_private(path).error(),
            (Error{Code::not_permitted,
                   path + " has mode 0666: others could read or change it (mend: chmod 600 " +
                       path + ")"}));
  if (::geteuid() != 0) return;
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  ASSERT_EQ(::chown(path.c_str(), 54321, 54321), 0);
  EXPECT_EQ(check_private(path).error().message, path +
                                                     " belongs to uid 54321, who could show or "
                                                     "change it (mend: chown 0 " +
                                                     path + ")");
}

TEST(PrivateFile, OfAnotherOwnerIsJudgedAsThatOneWould) {
  const ScratchDir dir;
  const std::string path = dir / "key";
  const uid_t us = ::geteuid();
  EXPECT_FALSE(privacy_fault(path, us)) << "an absent one is as good";
  ASSERT_TRUE(write_file_atomic(path, "secret", {.mode = 0604}));
  const auto open = privacy_fault(path, us);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->what, path + " has mode 0604: others could read or change it");
  EXPECT_EQ(open->mend, "chmod 600 " + path);
  if (us != 0) return;  // root's file is good for everybody
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  ASSERT_EQ(::chown(path.c_str(), 54321, 54321), 0);
  EXPECT_FALSE(privacy_fault(path, 54321));
  EXPECT_EQ(privacy_fault(path, 54322)->mend, "chown 54322 " + path);
}

}  // namespace
}  // namespace cox::platform
