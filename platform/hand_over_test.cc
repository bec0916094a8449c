// Files that change hands.
#include "platform/hand_over.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "platform/file.h"
#include "platform/scratch_dir.h"

namespace cox::platform {
namespace {

class HandOver : public ::testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    giver_.reset(ends[0]);
    taker_.reset(ends[1]);
  }

  Descriptor giver_, taker_;
};

TEST_F(HandOver, AFileArrivesWithItsMessage) {
  const ScratchDir dir;
  ASSERT_TRUE(write_file_atomic(dir / "file", "what it says"));
  {
    const auto opened = open_append(dir / "file");
    ASSERT_TRUE(hand_over(giver_.get(), "take this", {opened->get()}));
  }
  const auto taken = take_over(taker_.get(), 100);
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->bytes, "take this");
  ASSERT_EQ(taken->descriptors.size(), 1U);
  ASSERT_TRUE(write_all(taken->descriptors[0].get(), "file", ", and more"));
  EXPECT_EQ(read_file(dir / "file", 100).value_or(""), "what it says, and more");
}

TEST_F(HandOver, AMessageWithoutFilesIsAMessage) {
  ASSERT_TRUE(hand_over(giver_.get(), "nothing to take", {}));
  const auto taken = take_over(taker_.get(), 100);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->bytes, "nothing to take");
  EXPECT_TRUE(taken->descriptors.empty());
}

TEST_F(HandOver, TheEndOfTheOtherSideIsNoMessage) {
  giver_.reset();
  const auto taken = take_over(taker_.get(), 100);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->bytes, "");
  const auto given = hand_over(taker_.get(), "hello", {});
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, Code::unreachable);
}

TEST_F(HandOver, WhatIsTooLongOrTooManyIsRefused) {
  ASSERT_TRUE(hand_over(giver_.get(), std::string(101, 'x'), {}));
  EXPECT_FALSE(take_over(taker_.get(), 100));
  EXPECT_FALSE(hand_over(giver_.get(), "five", {0, 0, 0, 0, 0}));
  EXPECT_FALSE(hand_over(giver_.get(), "", {0}));
}

}  // namespace
}  // namespace cox::platform
