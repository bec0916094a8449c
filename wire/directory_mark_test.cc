// The mark of a directory is part of names on disk and in cgroups: it stays what it was.
#include "wire/directory_mark.h"

#include <gtest/gtest.h>

namespace cox::wire {
namespace {

TEST(DirectoryMark, is_eight_digits_of_the_directory_and_stays_the_same) {
  EXPECT_EQ(directory_mark("/srv/alpha"), "3b8e70ff");
  EXPECT_NE(directory_mark("/srv/alpha"), directory_mark("/srv/beta"));
  EXPECT_EQ(private_container("/srv/alpha"), "coxswain-" + directory_mark("/srv/alpha"));
}

}  // namespace
}  // namespace cox::wire
