// Names in the order in which people count.
#include "common/natural_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cox {
namespace {

using Names = std::vector<std::string>;

TEST(NaturalOrder, numbers_in_names_count) {
  Names names = {"n10", "n9", "gpu2", "n01", "n1", "n8-ib10", "n8-ib9", "n", "10", "9"};
  std::ranges::sort(names, NaturalOrder{});
  EXPECT_EQ(names, (Names{"9", "10", "gpu2", "n", "n01", "n1", "n8-ib9", "n8-ib10", "n9", "n10"}));
}

TEST(NaturalOrder, long_numbers_and_equal_names) {
  EXPECT_TRUE(NaturalOrder{}("n99999999999999999999998", "n99999999999999999999999"));
  EXPECT_FALSE(NaturalOrder{}("n7", "n7"));
}

}  // namespace
}  // namespace cox
