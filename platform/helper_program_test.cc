// Programs of the system asked, among them getent about users and hosts.
#include "platform/helper_program.h"

#include <gtest/gtest.h>

namespace cox::platform {
namespace {

TEST(HelperProgram, gets_the_input_and_gives_output_and_status) {
  const std::string bytes(4096, 'b');
  const auto answer = ask_program({"sh", "-c", "cat; echo; echo said >&2; exit 3"}, bytes);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 3);
  EXPECT_EQ(answer->output, bytes + "\nsaid");
}

TEST(HelperProgram, that_is_not_there_is_said) {
  const auto answer = ask_program({"no-such-program"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::not_found);
}

TEST(HelperProgram, finds_users_by_name_and_number) {
  EXPECT_EQ(find_user_name("root").value_or(""), "root");
  EXPECT_EQ(find_user_name("0").value_or(""), "root");
}

TEST(HelperProgram, takes_no_hostile_user_for_another) {
  for (const std::string& name :
       {std::string(), std::string("--help"), std::string("root:x"), std::string("root\0", 5),
        std::string("root\nroot"), std::string(1000, 'a'), std::string("nobody-here")}) {
    const auto found = find_user_name(name);
    ASSERT_FALSE(found) << name;
    EXPECT_EQ(found.error().code, Code::not_found);
  }
}

TEST(HelperProgram, finds_the_addresses_of_a_host_each_once) {
  const auto found = find_host_addresses("127.0.0.1");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(*found, std::vector<std::string>{"127.0.0.1"});
  const auto refused = find_host_addresses("");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unreachable);
}

}  // namespace
}  // namespace cox::platform
