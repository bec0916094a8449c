// Times as people write them.
#include "model/time.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace cox {
namespace {

TEST(TimeLimit, ReadsEveryForm) {
  EXPECT_EQ(*parse_time_limit("90"), minutes(90));
  EXPECT_EQ(*parse_time_limit("1:30"), minutes(2));
  EXPECT_EQ(*parse_time_limit("51:00:00"), minutes(51 * 60));
  EXPECT_EQ(*parse_time_limit("0:7200"), minutes(120));
  EXPECT_EQ(*parse_time_limit("3-00:00"), minutes(3 * 24 * 60));
  EXPECT_EQ(*parse_time_limit("00-08:30"), minutes(510));
  EXPECT_EQ(*parse_time_limit("1-2:3:4"), minutes(24 * 60 + 124));
  EXPECT_EQ(*parse_time_limit("Unlimited"), duration_unlimited);
  EXPECT_EQ(*parse_time_limit("-1"), duration_unlimited);
  EXPECT_EQ(*parse_time_limit("0"), duration_unlimited);
}

// Trap 9: "days-hours" must be that many hours, never "no limit".
TEST(TimeLimit, Trap09_days_hours_is_a_limit) {
  EXPECT_EQ(*parse_time_limit("2-0"), minutes(2 * 24 * 60));
  EXPECT_EQ(*parse_time_limit("1-12"), minutes(36 * 60));
  EXPECT_EQ(*parse_time_limit("0-1"), minutes(60));
}

TEST(TimeLimit, RefusesNonsenseByName) {
  for (const auto* text : {"", "abc", "1:2:3:4", "-5", "1-", "-1-2", "1::2", "1-2-3", " 5", "5 ",
                           "99999999999999999999", "36600000-0", "+5", "1.5"}) {
    const auto result = parse_time_limit(text);
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().code, Code::bad_usage);
  }
}

TEST(TimeLimit, NoTextWrapsAround) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const auto result = parse_time_limit(text);
    if (result) {
      RC_ASSERT(result->us > 0);
    }
  }));
}

TEST(Span, ReadsUnits) {
  EXPECT_EQ(*parse_span("5m"), minutes(5));
  EXPECT_EQ(*parse_span("60s"), seconds(60));
  EXPECT_EQ(*parse_span("7d"), minutes(7 * 1440));
  EXPECT_EQ(*parse_span("7-0"), minutes(7 * 1440));
  EXPECT_FALSE(parse_span("m"));
  EXPECT_FALSE(parse_span(""));
}

TEST(TimeText, PrintsAsTheQueueDoes) {
  EXPECT_EQ(to_text(seconds(5)), "0:05");
  EXPECT_EQ(to_text(minutes(30)), "30:00");
  EXPECT_EQ(to_text(seconds(3723)), "1:02:03");
  EXPECT_EQ(to_text(minutes(1440) + seconds(1)), "1-00:00:01");
  EXPECT_EQ(to_text(duration_unlimited), "UNLIMITED");
  EXPECT_EQ(to_utc_text(Instant{951'782'400'000'001}), "2000-02-29T00:00:00.000001Z");
}

}  // namespace
}  // namespace cox
