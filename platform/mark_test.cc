// A mark is set once, by whoever comes first.
#include "platform/mark.h"

#include <gtest/gtest.h>

#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

TEST(Mark, is_set_by_the_first_alone) {
  const ScratchDir dir;
  const std::string path = dir / "mark";
  EXPECT_EQ(read_mark(path).error().code, Code::not_found);
  EXPECT_TRUE(*set_mark(path, "one"));
  EXPECT_FALSE(*set_mark(path, "two"));
  EXPECT_EQ(*read_mark(path), "one");
  ASSERT_TRUE(remove_path(path));
  EXPECT_TRUE(*set_mark(path, "two"));
}

TEST(Mark, that_cannot_be_set_is_an_error) {
  const ScratchDir dir;
  EXPECT_EQ(set_mark(dir / "missing/mark", "one").error().code, Code::not_found);
}

}  // namespace
}  // namespace cox::platform
