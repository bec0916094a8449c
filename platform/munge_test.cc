// MUNGE where it is missing. A real munged is talked to in link/munge_source_test.cc.
#include "platform/munge.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "platform/random.h"

namespace cox::platform {
namespace {

TEST(Munge, a_missing_library_is_said) {
  Munge munge({}, "libmunge-of-nowhere.so.9");
  const auto made = munge.encode("x", 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "munge: libmunge-of-nowhere.so.9 is not installed here");
  EXPECT_EQ(made.error().code, Code::unreachable);
}

TEST(Munge, a_missing_daemon_is_said) {
  Munge munge("/nonexistent/munge.socket");
  const auto made = munge.encode("x", ::getuid());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::unreachable);
  EXPECT_EQ(made.error().message.rfind("munge: ", 0), 0U);
}

TEST(Random, bytes_differ_and_have_the_length) {
  EXPECT_EQ(random_bytes(33).size(), 33U);
  EXPECT_NE(random_bytes(32), random_bytes(32));
}

}  // namespace
}  // namespace cox::platform
