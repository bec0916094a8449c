// Conversations end when their last job is told, or when their client goes.
#include "ctld/watches.h"

#include <gtest/gtest.h>

namespace cox::ctld {
namespace {

constexpr Conversation first{ClientId(1), 1};
constexpr Conversation second{ClientId(1), 2};
constexpr Conversation other{ClientId(2), 1};

Watch watch(const Conversation& conversation, WatchKind kind = WatchKind::end_of_job) {
  return {conversation, kind, {}, {}, false};
}

TEST(Watches, a_conversation_ends_with_its_last_job) {
  Watches watches;
  watches.add(JobId(1), watch(first));
  watches.add(JobId(2), watch(first));
  EXPECT_FALSE(watches.end(JobId(1), first));
  EXPECT_TRUE(watches.end(JobId(2), first));
  EXPECT_TRUE(watches.empty());
}

TEST(Watches, a_job_named_twice_is_told_once) {
  Watches watches;
  watches.add(JobId(1), watch(first));
  watches.add(JobId(1), watch(first));
  EXPECT_EQ(watches.find(JobId(1))->size(), 1U);
  EXPECT_TRUE(watches.end(JobId(1), first));
  EXPECT_FALSE(watches.end(JobId(1), first));
}

TEST(Watches, a_client_that_goes_takes_all_its_conversations_and_no_other) {
  Watches watches;
  watches.add(JobId(1), watch(first));
  watches.add(JobId(2), watch(second, WatchKind::attached));
  watches.add(JobId(1), watch(other));
  EXPECT_EQ(watches.drop(ClientId(1)), (std::vector<JobId>{JobId(2)}));
  EXPECT_EQ(watches.find(JobId(2)), nullptr);
  ASSERT_NE(watches.find(JobId(1)), nullptr);
  EXPECT_EQ(watches.find(JobId(1))->front().conversation, other);
}

}  // namespace
}  // namespace cox::ctld
