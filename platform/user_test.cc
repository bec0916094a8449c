// Users: root is on every system; the rest is asked by number and by hostile name.
#include "platform/user.h"

#include <gtest/gtest.h>

namespace cox::platform {
namespace {

TEST(User, RootIsKnownByNumberAndName) {
  const auto by_number = resolve_user(0);
  ASSERT_TRUE(by_number);
  EXPECT_EQ(by_number->name, "root");
  EXPECT_EQ(by_number->gid, 0U);
  EXPECT_EQ(by_number->home.front(), '/');
  EXPECT_EQ(resolve_user_name("root").value(), *by_number);
  EXPECT_EQ(resolve_user_name("0").value(), *by_number);
}

TEST(User, WithoutAnEntryIsRefusedUnlessAGroupIsGiven) {
  const Uid nobody_has = 3'999'999'999U;
  const auto refused = resolve_user(nobody_has);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::not_found);
  EXPECT_EQ(refused.error().message, "no such user: 3999999999");
  const auto taken = resolve_user(nobody_has, 7);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->gid, 7U);
  EXPECT_EQ(taken->name, "3999999999");
  EXPECT_EQ(user_name(nobody_has), "3999999999");
}

TEST(User, HostileNamesAreRefused) {
  EXPECT_EQ(resolve_user_name("").error().code, Code::bad_usage);
  EXPECT_EQ(resolve_user_name(std::string("root\0x", 6)).error().code, Code::bad_usage);
  EXPECT_EQ(resolve_user_name(std::string(10'000, 'a')).error().code, Code::bad_usage);
  EXPECT_EQ(resolve_user_name("no such:user\n").error().code, Code::not_found);
  EXPECT_EQ(resolve_user_name("99999999999999999999").error().code, Code::not_found);
}

}  // namespace
}  // namespace cox::platform
