// Places for connections: counted, given back, and never all of them one user's.
#include "link/admission.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace cox::link {
namespace {

platform::Stream::Credentials user(std::uint32_t uid) {
  return {uid, uid, 1, true};
}

TEST(Admission, refuses_beyond_its_limit_and_takes_again_when_one_went) {
  Admission admission(2);
  auto first = admission.take(user(0));
  const auto second = admission.take(platform::Stream::Credentials{});
  EXPECT_TRUE(first && second);
  const auto third = admission.take(user(0));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().message,
            "too many connections: the limit of this daemon is 2, close some or try again later");
  first->reset();
  EXPECT_EQ(admission.taken(), 1U);
  EXPECT_TRUE(admission.take(user(0)));
}

TEST(Admission, one_user_leaves_half_to_others) {
  Admission admission(4);
  const auto first = admission.take(user(65'534));
  const auto second = admission.take(user(65'534));
  EXPECT_TRUE(first && second);
  const auto third = admission.take(user(65'534));
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().message,
            "too many connections: the limit of uid 65534 is 2, close some or try again later");
  EXPECT_TRUE(admission.take(user(65'533)));
  EXPECT_TRUE(admission.take(user(0)));
}

TEST(Admission, tells_only_so_many_at_a_time_that_they_are_refused) {
  Admission admission(0);
  std::vector<Admission::Seat> told;
  while (const auto seat = admission.take_farewell()) told.push_back(seat);
  EXPECT_EQ(told.size(), 64U);
  told.pop_back();
  EXPECT_NE(admission.take_farewell(), nullptr);
}

TEST(Admission, a_seat_may_outlive_it) {
  auto admission = std::make_unique<Admission>(2);
  auto taken = admission->take(user(1));
  ASSERT_TRUE(taken);
  Admission::Seat seat = *std::move(taken);
  const std::weak_ptr<void> watched = seat;
  admission.reset();
  EXPECT_FALSE(watched.expired());
  seat.reset();
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace cox::link
