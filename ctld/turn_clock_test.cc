// Clocks that are set while the controller runs.
#include "ctld/turn_clock.h"

#include <gtest/gtest.h>

namespace cox::ctld {
namespace {

constexpr Instant noon{1'000'000'000'000};

TEST(TurnClock, follows_a_wall_clock_that_nobody_sets) {
  TurnClock clock;
  EXPECT_EQ(clock.next(noon, seconds(5)), noon);
  EXPECT_EQ(clock.next(noon + seconds(2), seconds(7)), noon + seconds(2));
  EXPECT_EQ(clock.jump(), Duration{});
}

TEST(TurnClock, tells_how_far_the_clock_was_put_forward_once) {
  TurnClock clock;
  clock.next(noon, seconds(5));
  EXPECT_EQ(clock.next(noon + minutes(60) + seconds(2), seconds(7)),
            noon + minutes(60) + seconds(2));
  EXPECT_EQ(clock.jump(), minutes(60));
  clock.next(noon + minutes(60) + seconds(3), seconds(8));
  EXPECT_EQ(clock.jump(), Duration{});
}

TEST(TurnClock, goes_on_at_half_speed_until_a_clock_put_back_has_caught_up) {
  TurnClock clock;
  clock.next(noon, seconds(5));
  EXPECT_EQ(clock.next(noon - seconds(10), seconds(9)), noon + seconds(2));
  EXPECT_EQ(clock.next(noon + seconds(10), seconds(29)), noon + seconds(12));
  EXPECT_EQ(clock.next(noon + seconds(20), seconds(39)), noon + seconds(20));
  EXPECT_EQ(clock.jump(), Duration{});
}

TEST(TurnClock, tells_that_there_was_no_turn_for_long) {
  TurnClock clock;
  clock.next(noon, seconds(5));
  EXPECT_EQ(clock.stall(), Duration{});
  clock.next(noon + seconds(1), seconds(6));
  EXPECT_EQ(clock.stall(), Duration{});
  EXPECT_EQ(clock.next(noon + seconds(25), seconds(30)), noon + seconds(25));
  EXPECT_EQ(clock.stall(), seconds(24));
  EXPECT_EQ(clock.jump(), Duration{});
  clock.next(noon + seconds(26), seconds(31));
  EXPECT_EQ(clock.stall(), Duration{});
}

}  // namespace
}  // namespace cox::ctld
