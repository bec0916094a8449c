// The command line: what is taken, and what each refusal names.
#include "noded/options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cox::noded {
namespace {

Result<Options> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "coxnoded");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  return parse_options(static_cast<int>(words.size()), argv.data());
}

std::string message_of(const std::vector<std::string>& words) {
  const auto options = parse(words);
  return options ? "accepted" : options.error().message;
}

TEST(Options, defaults_name_this_host_and_the_controllers_socket) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->dir, "/run/coxswain");
  EXPECT_EQ(options->controller.path, "/run/coxswain/ctld.sock");
  EXPECT_FALSE(options->name.empty());
}

TEST(Options, a_node_that_is_played_may_say_which_boot_it_is) {
  const auto options = parse({"--boot-id", "n1-2"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->boot_id, "n1-2");
  EXPECT_NE(message_of({"--boot-id", "a b"}).find("--boot-id a b"), std::string::npos);
}

TEST(Options, long_options_may_be_shortened_and_joined) {
  const auto options = parse({"--contr=ctl1:99", "--nam", "n7", "--emul", "3:16"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->controller.host, "ctl1");
  EXPECT_EQ(options->name, "n7");
  EXPECT_EQ(options->emulation->index, 3U);
  EXPECT_EQ(options->emulation->count, 16U);
}

TEST(Options, a_memory_fraction_is_written_either_way) {
  EXPECT_EQ(parse({"--memory-fraction", "1/4"})->memory_fraction, 4U);
  EXPECT_EQ(parse({"--memory-fraction", "4"})->memory_fraction, 4U);
  EXPECT_EQ(message_of({"--memory-fraction", "0"}),
            "--memory-fraction 0: not a number from 1 to 65536");
}

TEST(Options, refusals_name_the_value) {
  EXPECT_EQ(message_of({"--emulate", "4:4"}),
            "--emulate 4:4: not INDEX:COUNT with INDEX below COUNT");
  EXPECT_EQ(message_of({"--emulate", "1"}), "--emulate 1: not INDEX:COUNT with INDEX below COUNT");
  EXPECT_EQ(message_of({"--name", "../x"}),
            "--name ../x: not a name (letters, digits, '-', '_', '.'; at most 64)");
  EXPECT_EQ(message_of({"--pretend", "0"}), "--pretend 0: not a number from 1 to 65536");
  EXPECT_EQ(message_of({"--pretend", "many"}), "--pretend many: not a number from 1 to 65536");
  EXPECT_EQ(message_of({"--pretend", "9", "--emulate", "0:9"}),
            "--pretend and --emulate: one of them, not both");
  EXPECT_EQ(message_of({"--pretend", "9", "--name", "a"}),
            "--name a: pretended nodes are n1, n2 and so on");
  EXPECT_EQ(parse({"--pretend", "1000"})->pretended, 1000U);
  EXPECT_EQ(message_of({"--nonsense"}), "unknown option --nonsense");
  EXPECT_EQ(message_of({"--name"}), "--name needs a value");
  EXPECT_EQ(message_of({"stray"}), "unexpected argument stray");
}

TEST(Options, input_is_awaited_only_where_that_is_asked) {
  EXPECT_FALSE(parse({})->awaits_input);
  EXPECT_TRUE(parse({"--await-input"})->awaits_input);
}

TEST(Options, foreground_logs_to_standard_error) {
  EXPECT_EQ(parse({"--log-file", "/x", "--foreground"})->log_file, "");
  EXPECT_EQ(parse({"--foreground", "--log-file", "/x"})->log_file, "");
}

}  // namespace
}  // namespace cox::noded
