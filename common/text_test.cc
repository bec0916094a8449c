// Text helpers.
#include "common/text.h"

#include <gtest/gtest.h>

#include "common/result.h"

namespace cox {
namespace {

TEST(Text, NumbersAreTakenWholeOrNotAtAll) {
  EXPECT_EQ(parse_u64("42"), 42U);
  EXPECT_EQ(parse_i64("-7"), -7);
  EXPECT_FALSE(parse_u64("42x"));
  EXPECT_FALSE(parse_u64(""));
  EXPECT_FALSE(parse_u64("-1"));
  EXPECT_FALSE(parse_u64("18446744073709551616"));
}

TEST(Text, HexRoundTripsAndRefusesOddInput) {
  const std::string bytes(
      "\0\xff"
      "a",
      3);
  EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
  EXPECT_FALSE(from_hex("abc"));
  EXPECT_FALSE(from_hex("zz"));
}

TEST(Text, QuotingShowsControlBytesAndCuts) {
  EXPECT_EQ(quoted("a\nb"), "a\\x0ab");
  EXPECT_EQ(quoted("abcdef", 3), "abc...");
}

TEST(Text, QuotingShowsOnlyWhatATerminalPrints) {
  EXPECT_EQ(quoted("gr\xc3\xb6\xc3\x9f"
                   "e \xe2\x82\xac"),
            "gr\xc3\xb6\xc3\x9f"
            "e \xe2\x82\xac");
  EXPECT_EQ(quoted("\xc2\x9b"
                   "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(quoted("\xff\x1b[2J"), "\\xff\\x1b[2J");
  EXPECT_EQ(quoted("\xc3"), "\\xc3");
  EXPECT_EQ(quoted("aa\xc3\xb6", 3), "aa\xc3\xb6");
}

TEST(Text, WhatNobodySeesOrTurnsTheLineIsEscaped) {
  EXPECT_EQ(quoted("a\xe2\x80\xae"
                   "b"),
            "a\\xe2\\x80\\xaeb")
      << "right to left";
  EXPECT_EQ(quoted("\xe2\x80\x8b"), "\\xe2\\x80\\x8b") << "zero width";
  EXPECT_EQ(quoted("\xef\xbb\xbf"), "\\xef\\xbb\\xbf") << "byte order mark";
  EXPECT_EQ(quoted("\xe2\x80\xa6\xe6\xbc\xa2\xf0\x9f\x9a\xa3"),
            "\xe2\x80\xa6\xe6\xbc\xa2\xf0\x9f\x9a\xa3");
}

TEST(Text, TheBeginningOfOneNameIsNear) {
  EXPECT_EQ(nearest("que", {"queue", "requeue"}), "queue");
  EXPECT_EQ(nearest("par", {"partition", "partitions"}), std::nullopt);
  EXPECT_EQ(nearest("q", {"queue"}), std::nullopt);
}

TEST(Text, NearestNameIsSuggestedOnlyWhenNear) {
  EXPECT_EQ(nearest("partitoin", {"partition", "priority"}), "partition");
  EXPECT_FALSE(nearest("zebra", {"partition", "priority"}));
  EXPECT_EQ(nearest("drian", {"drain", "down", "resume"}), "drain") << "a swap is one error";
  EXPECT_EQ(nearest("dwon", {"up", "down"}), "down");
  EXPECT_FALSE(nearest("wodn", {"up", "down"}));
}

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(split("", ',').size(), 1U);
  EXPECT_EQ(trim("  x \n"), "x");
}

TEST(ErrorCodes, EachHasAnExitStatusOfTheInterface) {
  EXPECT_EQ(exit_status(Code::refused), 1);
  EXPECT_EQ(exit_status(Code::bad_usage), 2);
  EXPECT_EQ(exit_status(Code::not_found), 3);
  EXPECT_EQ(exit_status(Code::not_permitted), 4);
  EXPECT_EQ(exit_status(Code::unreachable), 5);
  EXPECT_EQ(exit_status(Code::timed_out), 6);
  EXPECT_EQ((Error{Code::refused, "no"}).with_context("submit").message, "submit: no");
}

}  // namespace
}  // namespace cox
