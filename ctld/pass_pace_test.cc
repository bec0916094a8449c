// Whose turn it is: lists beside changes, and beside planning, by a clock that tests move.
#include "ctld/pass_pace.h"

#include <gtest/gtest.h>

#include <string>

#include "ctld/fake_requests.h"

namespace cox::ctld {
namespace {

constexpr std::uint64_t jobs = 2500;  // three slices of a list

class Pace : public ::testing::Test {
 protected:
  Pace() {
    for (std::uint64_t i = 0; i < jobs; ++i) world_.say(client_, held_job());
    world_.heard(client_);
  }

  static wire::ClientRequest held_job() {
    wire::ClientRequest request = submit_script();
    request.mutable_submit()->mutable_request()->set_held(true);
    return request;
  }

  static wire::ClientRequest list() {
    wire::ClientRequest request;
    request.set_number(7);
    request.mutable_list_jobs();
    return request;
  }

  /// A turn of the daemon in which `request` arrives, where there is one. Each look at the clock
  /// finds it 40 us later. True when there is no more to do at once.
  bool turn(const wire::ClientRequest* request = nullptr) {
    Controller& controller = world_.controller();
    const Instant now = controller.machine().now();
    controller.begin_turn(now, Duration{now.us});
    if (request != nullptr) controller.client_said(client_, *request);
    const bool is_done = pace_.run(controller, &planning_);
    controller.end_turn();
    world_.commit();
    return is_done;
  }

  /// Parts of the list that have come, and whether the last did.
  void count_slices() {
    for (const wire::ClientReply& reply : world_.heard(client_)) {
      if (!reply.has_jobs()) continue;
      ++slices_;
      is_whole_ |= reply.last();
    }
  }

  MemoryStore store_;
  FakeWorld world_{store_};
  ClientId client_ = world_.connect(ada);
  std::int64_t time_us_ = 0;
  PassPace pace_{[this] { return Duration{time_us_ += 40}; }};
  Spent planning_;
  int slices_ = 0;
  bool is_whole_ = false;
};

TEST_F(Pace, ListsGoOnTurnAfterTurnWhileNothingElseComes) {
  const wire::ClientRequest request = list();
  turn(&request);
  time_us_ += 5'000;  // since the changes before it
  for (int turns = 1; !turn(); ++turns) ASSERT_LT(turns, 10);
  count_slices();
  EXPECT_EQ(slices_, 3);
  EXPECT_TRUE(is_whole_);
}

TEST_F(Pace, WhileChangesComeListsHaveATwentiethOfTheTime) {
  const wire::ClientRequest request = list(), change = held_job();
  turn(&request);
  count_slices();
  const std::int64_t begin_us = time_us_;
  while (!is_whole_) {
    ASSERT_LT(time_us_ - begin_us, 100'000);
    const bool is_done = turn(&change);
    const int before = slices_;
    count_slices();
    // A list that is put off asks for no turn at once.
    EXPECT_TRUE(is_done || slices_ > before);
  }
  EXPECT_EQ(slices_, 3);
  // The clock is looked at before a part and after it: 40 us each.
  EXPECT_GE(time_us_ - begin_us, 2 * 20 * 40);
}

TEST_F(Pace, AfterTheLastChangeListsRestNoLonger) {
  const wire::ClientRequest request = list(), change = held_job();
  turn(&request);
  turn(&change);
  time_us_ += 5'000;
  while (!turn()) {
  }
  count_slices();
  EXPECT_TRUE(is_whole_);
}

TEST_F(Pace, WhatPlanningTakesIsMeasuredWithoutLists) {
  const wire::ClientRequest request = list();
  turn(&request);
  EXPECT_EQ(planning_.count, 1U);
  EXPECT_EQ(planning_.last, Duration{3 * 40});
}

}  // namespace
}  // namespace cox::ctld
