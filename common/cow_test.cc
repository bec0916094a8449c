// Copies of a Cow are values, however they share memory.
#include "common/cow.h"

#include <gtest/gtest.h>

#include <string>

namespace cox {
namespace {

TEST(Cow, a_blank_one_reads_the_default_value_and_equals_it) {
  const Cow<std::string> blank;
  EXPECT_TRUE(blank.is_blank());
  EXPECT_EQ(*blank, "");
  EXPECT_EQ(blank, Cow<std::string>(std::string()));
}

TEST(Cow, a_change_is_not_seen_through_a_copy) {
  Cow<std::string> one(std::string("a"));
  const Cow<std::string> copy = one;
  EXPECT_TRUE(one.is_same(copy));
  one.edit() += "b";
  EXPECT_EQ(*one, "ab");
  EXPECT_EQ(*copy, "a");
  EXPECT_FALSE(one == copy);
}

TEST(Cow, an_unshared_value_is_changed_in_its_place) {
  Cow<std::string> one(std::string("a"));
  const std::string* before = &*one;
  one.edit() += "b";
  EXPECT_EQ(&*one, before);
}

}  // namespace
}  // namespace cox
