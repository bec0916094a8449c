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
  for (std::uint32_t i = 0; i < 70; ++i) RC_ASSERT(spec.contains(i) == expected.contains(i));
  RC_ASSERT(*parse_array(array_text(spec)) == spec);
}

}  // namespace
}  // namespace cox
