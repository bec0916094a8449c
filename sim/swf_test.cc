// Which lines of a log are used, and what is said of the others.
#include "sim/swf.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

namespace cox::sim {
namespace {

// number submit wait run given cpu memory asked estimate memory status user group ...
const std::string good = "1 10 5 100 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1";

SwfLog read(const std::vector<std::string>& lines) {
  SwfLog log;
  std::size_t number = 0;
  for (const std::string& line : lines) take_line(line, ++number, &log);
  return log;
}

std::string only_complaint(const std::string& line) {
  const SwfLog log = read({line});
  if (log.bad.size() != 1 || !log.jobs.empty()) return "?";
  return log.bad.begin()->first;
}

TEST(Swf, AJobIsWhatItAskedFor) {
  const SwfLog log = read({"; MaxProcs: 128 processors", good});
  ASSERT_EQ(log.jobs.size(), 1U);
  EXPECT_EQ(log.max_processors, 128);
  const SwfJob& job = log.jobs[0];
  EXPECT_EQ(job.number, 1);
  EXPECT_EQ(job.submit_s, 10);
  EXPECT_EQ(job.run_s, 100);
  EXPECT_EQ(job.processors, 8U);
  EXPECT_EQ(job.limit_s, 200);
  EXPECT_EQ(job.user, 7);
}

TEST(Swf, WhatWasNotAskedForIsWhatWasGiven) {
  const SwfLog log = read({"1 0 0 100 4 12.5 -1 -1 -1 -1 1 1 1 -1 1 -1 -1 -1"});
  ASSERT_EQ(log.jobs.size(), 1U);
  EXPECT_EQ(log.jobs[0].processors, 4U);
  EXPECT_EQ(log.jobs[0].limit_s, 100);
}

TEST(Swf, ALimitThatWasTooShortIsTheRunTime) {
  EXPECT_EQ(read({"1 0 0 100 4 -1 -1 4 60 -1 1 1 1 -1 1 -1 -1 -1"}).jobs[0].limit_s, 100);
}

TEST(Swf, LinesThatCannotBeUsedAreCountedWithTheReason) {
  EXPECT_EQ(only_complaint("1 2 3"), "not 18 fields");
  EXPECT_EQ(only_complaint(good + " 5"), "not 18 fields");
  EXPECT_EQ(only_complaint("x 10 5 100 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1"), "not a number");
  EXPECT_EQ(only_complaint("1 10 5 1e9 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1"), "not a number");
  EXPECT_EQ(only_complaint("1 10 5 99999999999999999999 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1"),
            "not a number");
  EXPECT_EQ(only_complaint("1 10 5 -1 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1"), "no run time");
  EXPECT_EQ(only_complaint("1 10 5 100 0 -1 -1 -1 200 -1 1 7 1 -1 1 -1 -1 -1"), "no processors");
  EXPECT_EQ(only_complaint("1 -1 5 100 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1"), "no submit time");
}

TEST(Swf, LinesAreNamedByNumber) {
  std::vector<std::string> lines = {"", "; Note: nothing"};
  for (int i = 0; i < 7; ++i) lines.emplace_back("bad");
  lines.push_back(good);
  const SwfLog log = read(lines);
  EXPECT_EQ(log.jobs.size(), 1U);
  const BadLines& bad = log.bad.at("not a number");
  EXPECT_EQ(bad.count, 7U);
  EXPECT_EQ(bad.first, (std::vector<std::size_t>{3, 4, 5, 6, 7}));
}

TEST(Swf, JobsOutOfOrderAreNotUsed) {
  const SwfLog log = read({good, "2 9 5 100 4 -1 -1 8 200 -1 1 7 1 -1 1 -1 -1 -1"});
  EXPECT_EQ(log.jobs.size(), 1U);
  EXPECT_EQ(log.bad.begin()->first, "submitted before the job above it");
}

class SwfFile : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }

  std::string complaint() const {
    const auto log = read_swf(path_);
    return log ? "" : log.error().message.substr(path_.size() + 2);
  }

  const std::string path_ = ::testing::TempDir() + "cox-swf-" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(SwfFile, IsReadPlainAndCompressed) {
  write(good + "\n" + good);
  EXPECT_EQ(read_swf(path_)->jobs.size(), 2U);
  gzFile file = gzopen(path_.c_str(), "wb");
  gzputs(file, (good + "\n" + good + "\n").c_str());
  gzclose(file);
  EXPECT_EQ(read_swf(path_)->jobs.size(), 2U);
}

TEST_F(SwfFile, ThatEndsTooEarlyIsNoShorterLog) {
  gzFile file = gzopen(path_.c_str(), "wb");
  for (int i = 0; i < 1000; ++i) gzprintf(file, "%d %s\n", i, good.c_str());
  gzclose(file);
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 20);
  EXPECT_NE(complaint(), "");
}

TEST_F(SwfFile, ThatIsNoneSaysSo) {
  EXPECT_EQ(complaint(), "No such file or directory");
  write("hello\n");
  EXPECT_EQ(complaint(), "no line is a job of 18 numbers (Standard Workload Format)");
  write(std::string(100'000, 'x'));
  EXPECT_NE(complaint().find("longer than 65536 bytes"), std::string::npos);
}

}  // namespace
}  // namespace cox::sim
