// Messages of PMI taken apart and put together.
#include "noded/stepd/pmi/pmi_message.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace cox::stepd {
namespace {

TEST(PmiOne, words_come_in_any_order_with_any_blanks) {
  const auto message = parse_pmi1("  key=a   cmd=get\tkvsname=cox.1 ");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->command, "get");
  EXPECT_EQ(*message->find("key"), "a");
  EXPECT_EQ(*message->find("kvsname"), "cox.1");
  EXPECT_EQ(message->find("value"), nullptr);
}

TEST(PmiOne, a_value_goes_to_the_end_of_its_line_and_may_contain_equals) {
  const auto message = parse_pmi1("cmd=put kvsname=x key=a value=b=c d ");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(*message->find("value"), "b=c d ");
  EXPECT_EQ(pmi1_text(*message), "cmd=put kvsname=x key=a value=b=c d \n");
}

TEST(PmiOne, what_is_no_request_is_named) {
  for (const char* line : {"", "   ", "hello", "=x", "cmd", "cmd=", "key=a", "cmd=get key"}) {
    const auto message = parse_pmi1(line);
    ASSERT_FALSE(message) << line;
    EXPECT_EQ(message.error().code, Code::bad_usage);
    EXPECT_EQ(message.error().message.find("pmi-1 message "), 0U) << message.error().message;
  }
  EXPECT_EQ(parse_pmi1("cmd=a\x01").error().message,
            "pmi-1 message cmd=a\\x01: a control character");
}

TEST(PmiTwo, each_word_ends_with_a_semicolon_and_those_within_are_doubled) {
  const auto message = parse_pmi2("cmd=kvs-put;key=a;value=x;;y=z;;;");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->command, "kvs-put");
  EXPECT_EQ(*message->find("value"), "x;y=z;");
  EXPECT_EQ(pmi2_text(*message), "    33cmd=kvs-put;key=a;value=x;;y=z;;;");
}

TEST(PmiTwo, a_command_with_a_semicolon_is_answered_in_one_piece) {
  const auto message = parse_pmi2("cmd=a;;b;");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->command, "a;b");
  EXPECT_EQ(pmi2_text(*message), "     9cmd=a;;b;");
}

TEST(PmiTwo, what_is_no_request_is_named) {
  for (const char* text : {"", ";", "cmd=a", "cmd", "cmd;key=a;", "key=a;", "cmd=a;key=b", "=a;"}) {
    const auto message = parse_pmi2(text);
    ASSERT_FALSE(message) << text;
    EXPECT_EQ(message.error().message.find("pmi-2 message "), 0U) << message.error().message;
  }
}

std::vector<PmiMessage> read_messages(PmiReader* reader) {
  std::vector<PmiMessage> all;
  while (true) {
    auto next = reader->next();
    if (!next) {
      ADD_FAILURE() << next.error().message;
      return all;
    }
    if (!*next) {
      return all;
    }
    all.push_back(std::move(**next));
  }
}

TEST(PmiReader, takes_messages_as_they_come_in_pieces) {
  PmiReader reader;
  reader.add("cmd=init pmi_ver");
  EXPECT_TRUE(read_messages(&reader).empty());
  reader.add("sion=2\ncmd=get_maxes\ncmd=");
  const auto lines = read_messages(&reader);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].command, "init");
  EXPECT_EQ(lines[1].command, "get_maxes");
}

TEST(PmiReader, counts_bytes_in_the_second_version) {
  PmiReader reader;
  reader.speak(PmiVersion::two);
  reader.add("    16cmd=job-getid;");
  EXPECT_FALSE(*reader.next()) << "two bytes are still to come";
  PmiReader other;
  other.speak(PmiVersion::two);
  other.add("    13cmd=job-getid;");
  EXPECT_FALSE(other.next()) << "cut within a word";
  PmiReader exact;
  exact.speak(PmiVersion::two);
  exact.add("14    cmd=kvs-fence;    14cmd=kvs-fence;");
  EXPECT_EQ(read_messages(&exact).size(), 2U);
}

TEST(PmiReader, a_spawn_of_many_lines_is_one_message) {
  PmiReader reader;
  reader.add("mcmd=spawn\nnprocs=2\nexecname=./a b\nargcnt=0\nendc");
  EXPECT_TRUE(read_messages(&reader).empty());
  reader.add("md\ncmd=finalize\n");
  const auto messages = read_messages(&reader);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].command, "spawn");
  EXPECT_EQ(*messages[0].find("execname"), "./a b");
}

TEST(PmiReader, no_other_request_has_many_lines) {
  for (const char* bytes : {"mcmd=dance\n", "mcmd=\x02pawn\n", "mcmd=spawn\na=\x02\n"}) {
    PmiReader reader;
    reader.add(bytes);
    EXPECT_FALSE(reader.next()) << bytes;
  }
}

TEST(PmiReader, endless_input_is_refused_before_it_costs_memory) {
  PmiReader line;
  line.add(std::string(pmi_message_bytes_max + 1, 'x'));
  EXPECT_FALSE(line.next());
  PmiReader spawn;
  spawn.add("mcmd=spawn\n");
  for (int i = 0; i < 70; ++i) {
    spawn.add("arg1=" + std::string(1000, 'x') + "\n");
  }
  EXPECT_FALSE(spawn.next());
  PmiReader counted;
  counted.speak(PmiVersion::two);
  counted.add("999999cmd=");
  EXPECT_FALSE(counted.next());
}

RC_GTEST_PROP(PmiTwo, any_values_come_back_as_they_were, (const std::vector<std::string>& values)) {
  PmiMessage message;
  message.command = "kvs-put";
  for (std::string value : values) {
    std::replace(value.begin(), value.end(), '\0', '0');
    message.with("key", value);
  }
  PmiReader reader;
  reader.speak(PmiVersion::two);
  reader.add(pmi2_text(message));
  const auto read = reader.next();
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->has_value());
  RC_ASSERT((*read)->words == message.words);
}

}  // namespace
}  // namespace cox::stepd
