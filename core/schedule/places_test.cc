// The compact containers of the queues against those of the standard library.
#include "core/schedule/places.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>
#include <vector>

namespace cox::core {
namespace {

/// Mostly behind the others, as jobs come, and often one that is there already.
Place any_place(std::uint64_t at) {
  const auto key = *rc::gen::weightedElement<std::int64_t>({{8, 0}, {1, 5}, {1, -5}});
  const auto back = *rc::gen::weightedElement<std::uint64_t>({{5, 0}, {1, 3}, {1, 40}});
  return Place{key, JobId{at > back ? at - back : at}};
}

RC_GTEST_PROP(PlaceSet, holds_what_a_set_holds_in_the_same_order, ()) {
  PlaceSet places;
  std::set<Place> plain;
  const auto rounds = *rc::gen::inRange<std::uint64_t>(0, 100);
  for (std::uint64_t i = 1; i <= rounds; ++i) {
    const Place place = any_place(i);
    if (*rc::gen::inRange(0, 3) == 0) {
      places.erase(place);
      plain.erase(place);
    } else {
      places.insert(place);
      plain.insert(place);
    }
    RC_ASSERT(places.size() == plain.size());
    if (!plain.empty()) RC_ASSERT(places.first() == *plain.begin());
  }
  std::vector<Place> all;
  places.for_each([&all](const Place& place) { all.push_back(place); });
  RC_ASSERT(all == std::vector<Place>(plain.begin(), plain.end()));
}

TEST(PlaceSet, many_runs_keep_their_order_when_places_come_from_both_ends) {
  PlaceSet places;
  constexpr std::uint64_t jobs = 3000;
  for (std::uint64_t i = 0; i < jobs; ++i) {
    places.insert(Place{0, JobId{jobs + i}});
    places.insert(Place{0, JobId{jobs - 1 - i}});
  }
  std::uint64_t next = 0;
  places.for_each([&next](const Place& place) { EXPECT_EQ(place.job, JobId{next++}); });
  EXPECT_EQ(next, 2 * jobs);
  for (std::uint64_t i = 0; i < 2 * jobs; ++i) {
    ASSERT_EQ(places.first().job, JobId{i});
    places.erase(places.first());
  }
  EXPECT_TRUE(places.empty());
}

TEST(SeatTable, a_job_has_all_its_seats_until_it_leaves) {
  SeatTable seats;
  const JobId one{255}, two{256};
  seats.insert(one, {{3, Place{7, one}}});
  seats.insert(two, {{1, Place{1, two}}, {2, Place{2, two}}});
  EXPECT_EQ(seats.size(), 2U);
  ASSERT_EQ(seats.at(two).size(), 2U);
  EXPECT_EQ(seats.at(two)[1].which, 2U);
  EXPECT_EQ(seats.at(one).front().place, (Place{7, one}));
  seats.erase(two);
  EXPECT_FALSE(seats.contains(two));
  EXPECT_TRUE(seats.at(two).empty());
  EXPECT_TRUE(seats.contains(one));
  seats.insert(JobId{300}, {});
  EXPECT_FALSE(seats.contains(JobId{300}));
}

}  // namespace
}  // namespace cox::core
