// What --switches is read as, and written as.
#include "model/leaf_limit.h"

#include <gtest/gtest.h>

namespace cox {
namespace {

LeafLimit leaf_limit(const std::string& text) {
  const auto limit = parse_leaf_limit(text);
  EXPECT_TRUE(limit.has_value()) << limit.error().message;
  return limit.value_or(LeafLimit{});
}

std::string leaf_complaint(const std::string& text) {
  const auto limit = parse_leaf_limit(text);
  return limit.has_value() ? "taken: " + leaf_limit_text(*limit) : limit.error().message;
}

TEST(leaf_limit, has_a_number_and_a_time) {
  EXPECT_EQ(leaf_limit("2"), (LeafLimit{2, duration_unlimited, false}));
  EXPECT_EQ(leaf_limit("2@5"), (LeafLimit{2, minutes(5), false}));
  EXPECT_EQ(leaf_limit("1@1:00:00"), (LeafLimit{1, minutes(60), false}));
  EXPECT_EQ(leaf_limit("1@90s"), (LeafLimit{1, seconds(90), false}));
  EXPECT_EQ(leaf_limit("1@UNLIMITED"), (LeafLimit{1, duration_unlimited, false}));
}

TEST(leaf_limit, does_not_count_without_a_number_without_a_wait_and_when_that_is_over) {
  EXPECT_TRUE(leaf_limit("1").counts());
  EXPECT_FALSE(leaf_limit("1").ends());
  EXPECT_TRUE(leaf_limit("1@5").ends());
  EXPECT_FALSE(leaf_limit("0").counts());
  EXPECT_FALSE(leaf_limit("3@0").counts());
  EXPECT_FALSE(leaf_limit("3@0s").counts());
  EXPECT_FALSE((LeafLimit{1, minutes(5), true}).counts());
}

TEST(leaf_limit, is_written_as_it_is_read) {
  EXPECT_EQ(leaf_limit_text(leaf_limit("0")), "");
  EXPECT_EQ(leaf_limit_text(leaf_limit("2")), "2");
  EXPECT_EQ(leaf_limit_text(leaf_limit("2@5")), "2@5:00");
  EXPECT_EQ(leaf_limit_text(leaf_limit("2@1-0")), "2@1-00:00:00");
}

TEST(leaf_limit, names_what_it_cannot_read) {
  const std::string expected = ": a number of switches up to 1000000 is expected, or NUMBER@TIME";
  EXPECT_EQ(leaf_complaint(""), "--switches " + expected);
  EXPECT_EQ(leaf_complaint("-1"), "--switches -1" + expected);
  EXPECT_EQ(leaf_complaint("1000001"), "--switches 1000001" + expected);
  EXPECT_EQ(leaf_complaint("@5"), "--switches @5" + expected);
  EXPECT_TRUE(leaf_complaint("1@").starts_with("--switches 1@: time \"\" is no NUMBER"));
  EXPECT_TRUE(
      leaf_complaint("1@soon").starts_with("--switches 1@soon: time \"soon\" is no NUMBER"));
}

}  // namespace
}  // namespace cox
