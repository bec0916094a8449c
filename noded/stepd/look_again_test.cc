// How often a queue is looked at.
#include "noded/stepd/look_again.h"

#include <gtest/gtest.h>

#include <vector>

namespace cox::stepd {
namespace {

std::vector<std::int64_t> waits_for(LookAgain looks, const std::vector<std::size_t>& queued) {
  std::vector<std::int64_t> waits;
  for (const std::size_t bytes : queued) waits.push_back(looks.next(bytes).us);
  return waits;
}

TEST(LookAgain, is_soon_while_a_queue_shrinks_and_seldom_while_nobody_reads) {
  EXPECT_EQ(waits_for({}, {900, 800, 700}), (std::vector<std::int64_t>{500, 500, 500}));
  EXPECT_EQ(waits_for({}, {900, 900, 900, 900, 900, 900, 900, 900}),
            (std::vector<std::int64_t>{500, 1000, 2000, 4000, 8000, 16000, 20000, 20000}));
  EXPECT_EQ(waits_for({}, {900, 950, 950, 940, 940}),
            (std::vector<std::int64_t>{500, 1000, 2000, 500, 1000}));
}

}  // namespace
}  // namespace cox::stepd
