// Lists of licenses as people write them.
#include "model/license.h"

#include <gtest/gtest.h>

namespace cox {
namespace {

std::string license_refusal(const std::string& text) {
  const auto read = parse_licenses(text);
  return read ? "accepted" : read.error().message;
}

TEST(Licenses, AreNamedWithOrWithoutANumber) {
  const auto read = parse_licenses("matlab:2,ansys");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (std::vector<LicenseRequest>{{"ansys", 1}, {"matlab", 2}}));
  EXPECT_EQ(license_text(*read), "ansys:1,matlab:2");
  EXPECT_EQ(parse_licenses(license_text(*read)), read);
  EXPECT_TRUE(parse_licenses("")->empty());
  EXPECT_EQ(license_text({}), "");
}

TEST(Licenses, ThatAreNoneAreRefusedWithTheColumn) {
  EXPECT_EQ(license_refusal("a,"), "licenses \"a,\": a name is expected at column 3");
  EXPECT_EQ(license_refusal(":2"), "licenses \":2\": a name is expected at column 1");
  EXPECT_EQ(license_refusal("a:"),
            "licenses \"a:\": a number from 1 to 1000000000 is expected at column 3");
  EXPECT_EQ(license_refusal("b,a:0"),
            "licenses \"b,a:0\": a number from 1 to 1000000000 is expected at column 5");
  EXPECT_EQ(license_refusal("a:2:3"),
            "licenses \"a:2:3\": a number from 1 to 1000000000 is expected at column 3");
  EXPECT_EQ(license_refusal("b,a|c"),
            "licenses \"b,a|c\": one or the other cannot be asked for at column 4");
  EXPECT_EQ(license_refusal("a b"), "licenses \"a b\": a name is expected at column 1");
  EXPECT_EQ(license_refusal("a:1,b,a"),
            "licenses \"a:1,b,a\": a name for the second time at column 7");
  std::string many = "n0";
  for (int i = 1; i < 65; ++i) many += ",n" + std::to_string(i);
  EXPECT_NE(license_refusal(many).find("more than 64 kinds"), std::string::npos);
  EXPECT_EQ(license_refusal(std::string(65, 'x')).substr(0, 10), "licenses \"");
}

}  // namespace
}  // namespace cox
