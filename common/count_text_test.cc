// One job, two jobs.
#include "common/count_text.h"

#include <gtest/gtest.h>

namespace cox {
namespace {

TEST(CountText, has_the_noun_that_fits) {
  EXPECT_EQ(count_text(0, "job"), "0 jobs");
  EXPECT_EQ(count_text(1, "job"), "1 job");
  EXPECT_EQ(count_text(2, "node"), "2 nodes");
}

}  // namespace
}  // namespace cox
