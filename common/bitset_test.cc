// Bitset against std::set.
#include "common/bitset.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace cox {
namespace {

Bitset make(const std::set<std::size_t>& members, std::size_t size) {
  Bitset out(size);
  for (const auto m : members) {
    out.set(m);
  }
  return out;
}

std::set<std::size_t> members(const Bitset& set) {
  std::set<std::size_t> out;
  set.for_each([&](std::size_t i) { out.insert(i); });
  return out;
}

TEST(Bitset, AgreesWithAPlainSet) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 300);
    const auto gen =
        rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, size));
    const auto a = *gen;
    const auto b = *gen;
    const Bitset x = make(a, size);
    const Bitset y = make(b, size);
    RC_ASSERT(members(x) == a);
    RC_ASSERT(x.count() == a.size());
    std::set<std::size_t> both, either = a, only = a;
    for (const auto m : b) {
      either.insert(m);
      only.erase(m);
      if (a.count(m) != 0) {
        both.insert(m);
      }
    }
    RC_ASSERT(members(x & y) == both);
    RC_ASSERT(members(x | y) == either);
    RC_ASSERT(members(x - y) == only);
    RC_ASSERT(x.count_and(y) == both.size());
    RC_ASSERT(x.intersects(y) == !both.empty());
    RC_ASSERT(x.contains(y) == (both.size() == b.size()));
    RC_ASSERT(*Bitset::from_ranges(x.to_ranges(), size) == x);
  }));
}

TEST(Bitset, NextWalksMembersAndEndsAtSize) {
  const Bitset set = *Bitset::from_ranges("1,63-64,129", 130);
  EXPECT_EQ(set.next(0), 1U);
  EXPECT_EQ(set.next(2), 63U);
  EXPECT_EQ(set.next(65), 129U);
  EXPECT_EQ(set.next(130), 130U);
  EXPECT_EQ(set.lowest(2).to_ranges(), "1,63");
}

TEST(Bitset, RefusesRangesOutsideItsSize) {
  EXPECT_FALSE(Bitset::from_ranges("0-4", 4));
  EXPECT_FALSE(Bitset::from_ranges("3-1", 4));
  EXPECT_FALSE(Bitset::from_ranges("x", 4));
  EXPECT_FALSE(Bitset::from_ranges("0-99999999999999999999", 4));
}

TEST(Bitset, ShrinkingForgetsTheTail) {
  Bitset set(70, true);
  set.resize(3);
  set.resize(70);
  EXPECT_EQ(set.to_ranges(), "0-2");
}

}  // namespace
}  // namespace cox
