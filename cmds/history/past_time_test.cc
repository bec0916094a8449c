// Times of `cox history --since`.
#include "cmds/history/past_time.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace cox::cmds {
namespace {

class PastTime : public ::testing::Test {
 protected:
  PastTime() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }

  static std::string read(std::string_view text) {
    const auto at = parse_past_time(text, now);
    return at ? to_utc_text(*at) : at.error().message;
  }

  static constexpr Instant now{1'704'542'400'000'000};  // 2024-01-06T12:00:00Z
};

TEST_F(PastTime, days_dates_and_spans_lie_in_the_past) {
  EXPECT_EQ(read("now"), to_utc_text(now));
  EXPECT_EQ(read("today"), to_utc_text(now - minutes(12 * 60)));
  EXPECT_EQ(read("yesterday"), to_utc_text(now - minutes(36 * 60)));
  EXPECT_EQ(read("12h"), read("today"));
  EXPECT_EQ(read("90s"), to_utc_text(now - seconds(90)));
  EXPECT_EQ(read("5m"), to_utc_text(now - minutes(5)));
  EXPECT_EQ(read("2024-01-05"), read("yesterday"));
  EXPECT_EQ(read("2024-01-06T00:00"), read("today"));
}

TEST_F(PastTime, a_clock_time_is_of_today_also_when_it_has_passed) {
  EXPECT_EQ(read("08:00"), to_utc_text(now - minutes(4 * 60)));
  EXPECT_EQ(read("00:00"), read("today"));
  EXPECT_EQ(read("17:30"), to_utc_text(now + minutes(5 * 60 + 30)));
}

TEST_F(PastTime, what_is_no_time_is_refused_with_examples) {
  for (const char* text : {"", "h", "5", "5y", "-5h", "soon", "25:00", "2024-13-01"}) {
    EXPECT_FALSE(parse_past_time(text, now)) << text;
  }
  EXPECT_NE(read("soon").find("yesterday"), std::string::npos);
}

}  // namespace
}  // namespace cox::cmds
