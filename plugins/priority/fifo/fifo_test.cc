// The order of `fifo`.
#include "plugins/priority/fifo/fifo.h"

#include <gtest/gtest.h>

#include <limits>

#include "testsuite/support/builders.h"

namespace cox::plugins {
namespace {

using namespace cox::testing;

TEST(FifoPriority, TierOutweighsAnyNiceAndTimeCountsNothing) {
  const FifoPriority fifo;
  PartitionSettings low, high;
  high.tier = 2;
  const auto key = [&](const JobBuilder& job, const PartitionSettings& partition, Instant at) {
    return fifo.static_key(Settings{}, job.build(), at, partition);
  };
  EXPECT_GT(key(job().nice(std::numeric_limits<std::int32_t>::max()), high, Instant{1}),
            key(job().nice(std::numeric_limits<std::int32_t>::min() + 1), low, Instant{1}));
  EXPECT_GT(key(job(), low, Instant{1}), key(job().nice(1), low, Instant{1}));
  EXPECT_EQ(key(job(), low, Instant{1}), key(job(), low, Instant{99}));
}

}  // namespace
}  // namespace cox::plugins
