// Lines of logs are one line whatever is told, and a log that was moved away is opened anew.
#include "platform/log_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

constexpr Instant at{1'700'000'000'000'000};

TEST(LogLine, names_the_request_that_caused_it) {
  EXPECT_EQ(log_line(at, "info", 0xAB, "node n1: drained"),
            to_utc_text(at) + " info [00000000000000ab] node n1: drained\n");
  EXPECT_EQ(log_line(at, "warning", 0, "alone"), to_utc_text(at) + " warning alone\n");
}

TEST(LogLine, is_one_line_whatever_is_told) {
  EXPECT_EQ(log_line(at, "error", 0, "a\nb\x1b[2J\x7f"),
            to_utc_text(at) + " error a\\x0ab\\x1b[2J\\x7f\n");
}

TEST(LogFile, that_was_moved_away_is_opened_anew_under_the_same_descriptor) {
  const ScratchDir dir;
  const std::string path = dir.path() + "/log";
  auto file = open_append(path);
  ASSERT_TRUE(file);
  const int fd = file->get();
  ASSERT_EQ(::write(fd, "old\n", 4), 4);
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_EQ(::write(fd, "late\n", 5), 5);
  ASSERT_TRUE(reopen_append(path, fd));
  ASSERT_EQ(::write(fd, "new\n", 4), 4);
  EXPECT_EQ(read_file(path + ".1", 100).value(), "old\nlate\n");
  EXPECT_EQ(read_file(path, 100).value(), "new\n");
}

TEST(LogFile, stays_what_it_was_where_it_cannot_be_opened) {
  const ScratchDir dir;
  const std::string path = dir.path() + "/log";
  auto file = open_append(path);
  ASSERT_TRUE(file);
  const auto failed = reopen_append(dir.path() + "/no/log", file->get());
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find(dir.path() + "/no/log"), std::string::npos);
  ASSERT_EQ(::write(file->get(), "on\n", 3), 3);
  EXPECT_EQ(read_file(path, 100).value(), "on\n");
}

}  // namespace
}  // namespace cox::platform
