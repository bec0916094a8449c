// Array texts: what they mean, what is refused, and that the canonical form says the same.
#include "model/array_spec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace cox {
namespace {

std::string canonical(std::string_view text) {
  const auto spec = parse_array(text);
  return spec ? array_text(*spec) : spec.error().message;
}

TEST(ArraySpec, reads_what_people_write) {
  EXPECT_EQ(canonical("0-15"), "0-15");
  EXPECT_EQ(canonical("0-0"), "0");
  EXPECT_EQ(canonical("1,3,5-7"), "1,3,5-7");
  EXPECT_EQ(canonical("0-15:4"), "0-12:4");
  EXPECT_EQ(canonical("0-31,40-90:10%8"), "0-31,40-90:10%8");
  EXPECT_EQ(canonical("7%0"), "7");
  EXPECT_EQ(canonical("5-7:9"), "5");
}

TEST(ArraySpec, puts_in_order_what_is_written_in_any_order_or_twice) {
  EXPECT_EQ(canonical("9,1-3,4,4"), "1-4,9");
  EXPECT_EQ(canonical("0-10:2,1-11:2"), "0-11");
  EXPECT_EQ(canonical("0-10:2,5"), "0-4:2,5-6,8,10");
  EXPECT_EQ(canonical("8,0-10:2"), "0-10:2");
}

TEST(ArraySpec, counts_and_contains_without_a_list) {
  const auto spec = *parse_array("0-31,40-90:10%8");
  EXPECT_EQ(spec.count(), 38U);
  EXPECT_EQ(spec.at_once_max, 8U);
  EXPECT_TRUE(spec.contains(31));
  EXPECT_FALSE(spec.contains(32));
  EXPECT_TRUE(spec.contains(90));
  EXPECT_FALSE(spec.contains(45));
  EXPECT_FALSE(spec.contains(91));
}

TEST(ArraySpec, takes_a_million_elements_and_no_more) {
  EXPECT_EQ(parse_array("0-999999")->count(), 1'000'000U);
  EXPECT_EQ(parse_array("0-999999")->ranges.size(), 1U);
  EXPECT_EQ(canonical("0-1000000"), "array \"0-1000000\": names more than 1000000 elements");
  EXPECT_EQ(parse_array("3000001-4000000")->count(), 1'000'000U);
}

TEST(Trap10, an_array_of_billions_is_refused_unexpanded) {
  EXPECT_EQ(canonical("0-4294967295"),
            "array \"0-4294967295\": is no INDEX, FIRST-LAST or FIRST-LAST:STEP with numbers up "
            "to 4000000");
  EXPECT_FALSE(parse_array("0-99999999999999999999"));
  std::string many = "0-999999";
  for (int i = 0; i < 1000; ++i) many += ",0-999999";
  EXPECT_FALSE(parse_array(many));
  std::string apart;
  for (int i = 0; i < 10'001; ++i) apart += std::to_string(i * 3) + ",";
  EXPECT_FALSE(parse_array(apart + "3999999"));
}

TEST(ArraySpec, refuses_what_it_cannot_read_and_names_it) {
  for (const char* text : {"", ",", "1,", "a", "-1", "1-", "1-2-3", "1-2:", "1:2", "1 ", "+1", "1%",
                           "1%x", "%5", "1%2%3", "0x10", "1-2:-1", "[1-2]"}) {
    EXPECT_FALSE(parse_array(text)) << text;
  }
  EXPECT_EQ(canonical("5-1"), "array \"5-1\": ends before it begins");
  EXPECT_EQ(canonical("0-9:0"), "array \"0-9:0\": has a step of 0");
  EXPECT_EQ(canonical("0-9%x"), "array \"0-9%x\": % is followed by no number up to 4000000");
}

TEST(ArraySpec, one_element_is_taken_out_by_a_cut) {
  auto spec = *parse_array("0-9:3,20,30-33%2");
  for (const std::uint32_t index : {3U, 20U, 31U, 7U, 99U, 30U}) spec.remove(index);
  EXPECT_EQ(array_text(spec), "0,6-9:3,32-33%2");
  auto million = *parse_array("0-999999");
  for (std::uint32_t i = 0; i < 1000; ++i) million.remove(i);
  EXPECT_EQ(array_text(million), "1000-999999");
}

TEST(ArraySpec, elements_are_named_by_their_array) {
  EXPECT_EQ(elements_text(7, *parse_array("3")), "7_3");
  EXPECT_EQ(elements_text(7, *parse_array("1-5,7")), "7_[1-5,7]");
  EXPECT_EQ(elements_text(7, *parse_array("3%8")), "7_[3%8]");
}

TEST(ArraySpec, what_arrives_is_checked_like_what_is_written) {
  EXPECT_TRUE(check_array(*parse_array("0-31,40-90:10%8")));
  EXPECT_TRUE(check_array({}));
  const auto why = [](std::vector<ArrayRange> ranges) {
    return check_array({std::move(ranges), 0}).error().message;
  };
  EXPECT_EQ(why({{5, 1, 1}}), "array elements 5-1:1: not a range up to 4000000");
  EXPECT_EQ(why({{0, 9, 0}}), "array elements 0-9:0: not a range up to 4000000");
  EXPECT_EQ(why({{0, 9, 2}}), "array elements 0-9:2: not a range up to 4000000");
  EXPECT_EQ(why({{4, 9, 1}, {9, 9, 1}}), "array elements 9-9:1: out of order");
  EXPECT_EQ(why({{0, 1'000'000, 1}}), "array elements are more than 1000000");
  EXPECT_EQ(why({{0, 4'000'001, 1}}), "array elements 0-4000001:1: not a range up to 4000000");
}

ArraySpec random_spec() {
  std::string text;
  for (int parts = *rc::gen::inRange(1, 6); parts > 0; --parts) {
    const auto first = *rc::gen::inRange<std::uint32_t>(0, 40);
    const auto last = first + *rc::gen::inRange<std::uint32_t>(0, 20);
    const auto step = *rc::gen::inRange<std::uint32_t>(1, 5);
    if (!text.empty()) text += ",";
    text += std::to_string(first) + "-" + std::to_string(last) + ":" + std::to_string(step);
  }
  return *parse_array(text);
}

RC_GTEST_PROP(ArraySpecProperty, sets_of_elements_are_those_of_their_numbers, ()) {
  const ArraySpec a = random_spec(), b = random_spec();
  const ArraySpec both = common_elements(a, b), rest = elements_without(a, b);
  RC_ASSERT(check_array(both).has_value());
  RC_ASSERT(check_array(rest).has_value());
  for (std::uint32_t i = 0; i < 70; ++i) {
    RC_ASSERT(both.contains(i) == (a.contains(i) && b.contains(i)));
    RC_ASSERT(rest.contains(i) == (a.contains(i) && !b.contains(i)));
  }
  RC_ASSERT(both.count() + rest.count() == a.count());
}

RC_GTEST_PROP(ArraySpecProperty, taking_elements_out_one_by_one_leaves_the_others, ()) {
  const ArraySpec a = random_spec(), b = random_spec();
  ArraySpec rest = a;
  b.for_each([&](std::uint32_t i) { rest.remove(i); });
  RC_ASSERT(check_array(rest).has_value());
  for (std::uint32_t i = 0; i < 70; ++i) {
    RC_ASSERT(rest.contains(i) == (a.contains(i) && !b.contains(i)));
  }
}

RC_GTEST_PROP(ArraySpecProperty, has_the_elements_that_were_named, ()) {
  std::set<std::uint32_t> expected;
  std::string text;
  for (int parts = *rc::gen::inRange(1, 6); parts > 0; --parts) {
    const auto first = *rc::gen::inRange<std::uint32_t>(0, 40);
    const auto last = first + *rc::gen::inRange<std::uint32_t>(0, 20);
    const auto step = *rc::gen::inRange<std::uint32_t>(1, 5);
    for (auto i = first; i <= last; i += step) expected.insert(i);
    if (!text.empty()) text += ",";
    text += std::to_string(first) + "-" + std::to_string(last) + ":" + std::to_string(step);
  }
  const auto spec = *parse_array(text);
  RC_ASSERT(spec.count() == expected.size());
  for (std::uint32_t i = 0; i < 70; ++i) {
    RC_ASSERT(spec.contains(i) == expected.contains(i));
    const auto lower = std::distance(expected.begin(), expected.lower_bound(i));
    RC_ASSERT(spec.count_before(i) == static_cast<std::uint32_t>(lower));
  }
  RC_ASSERT(*parse_array(array_text(spec)) == spec);
}

}  // namespace
}  // namespace cox
