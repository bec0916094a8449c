// The profile against a plain array of seconds, and its cursor.
#include "core/schedule/profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "testsuite/support/random_life.h"

namespace cox::core {
namespace {

using cox::testing::Dice;

/// One amount for each second up to an end; the last holds for ever.
class PlainProfile {
 public:
  PlainProfile(std::size_t seconds, std::int64_t free) : free_(seconds, free) {}

  void add(Second from, Second to, std::int64_t amount) {
    for (Second t = from; t < std::min<Second>(to, last() + 1); ++t) at(t) += amount;
  }

  std::optional<Second> earliest(Second from, std::int64_t need, Second length) const {
    for (Second t = from; t <= last(); ++t) {
      bool lasts = true;
      for (Second u = t; u <= last() && (length == second_never || u < t + length); ++u) {
        lasts = lasts && free_[static_cast<std::size_t>(u)] >= need;
      }
      if (lasts) return t;
    }
    return std::nullopt;
  }

  std::int64_t& at(Second t) { return free_[static_cast<std::size_t>(t)]; }

  Second last() const { return static_cast<Second>(free_.size()) - 1; }

 private:
  std::vector<std::int64_t> free_;
};

TEST(Profile, ChangesWhereSomethingIsTakenOrGivenBack) {
  Profile profile(0, 5);
  EXPECT_EQ(profile.next_change(1), second_never);
  for (Second at = 10; at < 5000; at += 10) profile.add(at, at + 10, -1);
  for (Second from = 1; from <= 5000; ++from) {
    ASSERT_EQ(profile.next_change(from), (from + 9) / 10 * 10) << from;
  }
  EXPECT_EQ(profile.next_change(5001), second_never);
}

TEST(Profile, IsThePlainArray) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Dice dice(seed);
    const Second seconds = 40 + static_cast<Second>(dice.roll(400));
    Profile profile(0, 20);
    PlainProfile plain(static_cast<std::size_t>(seconds), 20);
    for (int i = 0; i < 150; ++i) {
      const auto from = static_cast<Second>(dice.roll(static_cast<std::uint64_t>(seconds) - 1));
      if (dice.chance(50)) {
        const Second to =
            dice.chance(10) ? second_never : from + 1 + static_cast<Second>(dice.roll(50));
        const auto amount = static_cast<std::int64_t>(dice.roll(9)) - 4;
        // Beyond the array everything is as at its end.
        const Second end = to >= seconds ? second_never : to;
        profile.add(from, end, amount);
        plain.add(from, end, amount);
        continue;
      }
      const auto need = static_cast<std::int64_t>(dice.roll(40));
      const Second length = dice.chance(10) ? second_never : 1 + static_cast<Second>(dice.roll(60));
      ASSERT_EQ(profile.earliest(from, need, length), plain.earliest(from, need, length))
          << "seed " << seed << " step " << i;
      ASSERT_EQ(profile.free_at(from), plain.at(from)) << "seed " << seed << " step " << i;
      const Second to = length == second_never ? second_never : from + length;
      ASSERT_EQ(profile.lasts(from, need, to), plain.earliest(from, need, length) == from)
          << "seed " << seed << " step " << i;
    }
  }
}

TEST(Profile, HoldsManyInstants) {
  Profile profile(0, 1'000'000);
  for (Second t = 0; t < 3'000; ++t) profile.add((t * 7919) % 100'003, 200'000 + t, -1);
  EXPECT_EQ(profile.free_at(199'999), 997'000);
  EXPECT_EQ(profile.free_at(300'000), 1'000'000);
  EXPECT_EQ(profile.earliest(0, 1'000'000, 10), 202'999);
}

/// Some ask for more than there ever is, of which the cursor knows the amount.
TEST(Profile, CursorNeverSkipsAStart) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Dice dice(seed);
    const auto most = static_cast<std::int64_t>(1 + dice.roll(100));
    Profile profile(0, most);
    Cursor cursor(most);
    for (int i = 0; i < 200; ++i) {
      const auto need = static_cast<std::int64_t>(1 + dice.roll(110));
      const auto length = static_cast<Second>(1 + dice.roll(5'000));
      const Second plain = profile.earliest(0, need, length).value_or(second_never);
      const Second bound = std::max<Second>(0, cursor.bound(need, length));
      ASSERT_LE(bound, plain) << "seed " << seed << " step " << i;
      const Second start = profile.earliest(bound, need, length).value_or(second_never);
      ASSERT_EQ(start, plain) << "seed " << seed << " step " << i;
      cursor.found(need, length, start);
      if (start < second_never) profile.add(start, start + length, -need);
    }
  }
}

}  // namespace
}  // namespace cox::core
