// What silence of the controller leads to, on a clock of the test's own.
#include "noded/contact.h"

#include <gtest/gtest.h>

namespace cox::noded {
namespace {

constexpr ContactTerms terms{seconds(5), seconds(100), seconds(10)};

ContactClock registered_at(Duration sent, Duration taken) {
  ContactClock clock;
  clock.registration_sent(sent);
  clock.registered(terms, taken);
  return clock;
}

TEST(ContactClock, lease_counts_from_the_sending_of_what_was_answered) {
  ContactClock clock = registered_at(seconds(7), seconds(9));
  EXPECT_EQ(clock.lease_left(seconds(10)), seconds(97));
  const std::uint64_t number = clock.next_heartbeat(seconds(20));
  ASSERT_NE(number, 0U);
  EXPECT_EQ(clock.lease_left(seconds(25)), seconds(82));
  EXPECT_TRUE(clock.answered(number));
  EXPECT_EQ(clock.lease_left(seconds(25)), seconds(95));
}

TEST(ContactClock, lease_that_is_over_still_says_so) {
  ContactClock clock = registered_at(seconds(0), seconds(0));
  EXPECT_EQ(clock.lease_left(seconds(500)), microseconds(1));
}

TEST(ContactClock, no_fence_no_lease) {
  ContactClock clock;
  EXPECT_FALSE(clock.lease_left(seconds(1)));
  clock.registration_sent(seconds(1));
  clock.registered({seconds(5), {}, {}}, seconds(1));
  EXPECT_FALSE(clock.lease_left(seconds(2)));
}

TEST(ContactClock, late_answer_does_not_count_as_an_earlier_contact_lost) {
  ContactClock clock = registered_at(seconds(0), seconds(0));
  const std::uint64_t first = clock.next_heartbeat(seconds(10));
  const std::uint64_t second = clock.next_heartbeat(seconds(20));
  EXPECT_TRUE(clock.answered(second));
  EXPECT_FALSE(clock.answered(first));  // older than what is known
  EXPECT_EQ(clock.lease_left(seconds(20)), seconds(100));
  EXPECT_FALSE(clock.answered(77));
}

TEST(ContactClock, asks_no_more_often_than_silence_needs) {
  ContactClock clock = registered_at(seconds(0), seconds(0));
  EXPECT_EQ(clock.next_heartbeat(seconds(1)), 0U);
  EXPECT_NE(clock.next_heartbeat(seconds(5)), 0U);
  EXPECT_EQ(clock.next_heartbeat(seconds(6)), 0U);
}

TEST(ContactClock, a_registration_is_late_after_half_a_minute) {
  ContactClock clock;
  clock.registration_sent(seconds(100));
  EXPECT_FALSE(clock.is_registration_late(seconds(130)));
  EXPECT_TRUE(clock.is_registration_late(seconds(131)));
  clock.registration_sent(seconds(131));
  EXPECT_FALSE(clock.is_registration_late(seconds(132)));
}

TEST(ContactClock, an_old_controller_that_answers_nothing_is_never_dead) {
  ContactClock clock;
  clock.registration_sent(seconds(0));
  clock.registered({}, seconds(0));
  EXPECT_EQ(clock.next_heartbeat(seconds(900)), 0U);
  for (std::int64_t s = 1; s < 60; ++s) EXPECT_FALSE(clock.is_dead(seconds(s)));
}

TEST(ContactClock, a_silent_connection_is_dead_but_not_after_a_pause_of_our_own) {
  ContactClock clock = registered_at(seconds(0), seconds(0));
  for (std::int64_t s = 1; s <= 15; ++s) EXPECT_FALSE(clock.is_dead(seconds(s)));
  EXPECT_TRUE(clock.is_dead(seconds(16)));
  EXPECT_FALSE(clock.is_dead(seconds(60)));
  clock.frame_came(seconds(60));
  EXPECT_FALSE(clock.is_dead(seconds(61)));
}

}  // namespace
}  // namespace cox::noded
