// Decay in integers against the formula.
#include "core/fairshare/decay.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace cox::core {
namespace {

constexpr Duration week = minutes(std::int64_t{7} * 1440);

TEST(Decay, HalvesInEachHalfLife) {
  EXPECT_EQ(decayed(1024, Duration{}, week), 1024U);
  EXPECT_EQ(decayed(1024, week, week), 512U);
  EXPECT_EQ(decayed(1024, Duration{3 * week.us}, week), 128U);
  EXPECT_EQ(decayed(~std::uint64_t{0}, Duration{64 * week.us}, week), 0U);
  EXPECT_EQ(decayed(~std::uint64_t{0}, duration_unlimited, seconds(1)), 0U);
}

RC_GTEST_PROP(Decay, is_the_power_of_two, ()) {
  const auto amount = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 60U);
  const auto elapsed = *rc::gen::inRange<std::int64_t>(0, 20 * week.us);
  const auto half_life = *rc::gen::inRange<std::int64_t>(seconds(1).us, 2 * week.us);
  const long double exact =
      static_cast<long double>(amount) * std::exp2(-static_cast<long double>(elapsed) / half_life);
  const auto found =
      static_cast<long double>(decayed(amount, Duration{elapsed}, Duration{half_life}));
  // Each of 32 factors rounds down by one, and the exponent is exact to 2^-32.
  RC_ASSERT(std::abs(found - exact) <= 40 + exact * 1e-8L);
}

RC_GTEST_PROP(Decay, never_grows_and_keeps_the_order, ()) {
  const auto amount = *rc::gen::inRange<std::uint64_t>(0, std::uint64_t{1} << 60U);
  const auto elapsed = *rc::gen::inRange<std::int64_t>(0, 20 * week.us);
  const std::uint64_t left = decayed(amount, Duration{elapsed}, week);
  RC_ASSERT(left <= amount);
  RC_ASSERT(decayed(amount + 1, Duration{elapsed}, week) >= left);
}

}  // namespace
}  // namespace cox::core
