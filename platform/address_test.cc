// Addresses are read as people write them, and written as they are read.
#include "platform/address.h"

#include <gtest/gtest.h>

namespace cox::platform {
namespace {

std::string again(std::string_view text) {
  const auto address = parse_address(text);
  return address ? address->text() : address.error().message;
}

TEST(Address, a_text_with_a_slash_is_a_path) {
  EXPECT_TRUE(parse_address("/run/x.sock")->is_unix());
  EXPECT_TRUE(parse_address("./a:b")->is_unix());
  EXPECT_EQ(again("/run/x.sock"), "/run/x.sock");
}

TEST(Address, a_host_gets_the_default_port) {
  EXPECT_EQ(again("ctl1"), "ctl1:7817");
  EXPECT_EQ(again("ctl1.example:80"), "ctl1.example:80");
  EXPECT_EQ(again("127.0.0.1:0"), "127.0.0.1:0");
  EXPECT_EQ(again("[::1]"), "[::1]:7817");
  EXPECT_EQ(again("[fe80::1%eth0]:99"), "[fe80::1%eth0]:99");
}

TEST(Address, what_is_wrong_is_named) {
  EXPECT_EQ(again(""), "address : is empty");
  EXPECT_EQ(again("h:65536"), "address h:65536: the port is a number up to 65535");
  EXPECT_EQ(again("h:"), "address h:: the port is a number up to 65535");
  EXPECT_EQ(again("h:-1"), "address h:-1: the port is a number up to 65535");
  EXPECT_EQ(again("::1"), "address ::1: the port is a number up to 65535");
  EXPECT_EQ(again("[::1"), "address [::1: ']' is missing");
  EXPECT_EQ(again("[::1]x"), "address [::1]x: a port follows after ':'");
  EXPECT_EQ(again("a b"), "address a b: is no host name");
  EXPECT_EQ(again(":80"), "address :80: is no host name");
  EXPECT_FALSE(parse_address(std::string_view("/a\0b", 4)));
}

}  // namespace
}  // namespace cox::platform
