// The grammar of constraints, sentence by sentence, and bytes that are none.
#include "model/constraint.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

namespace cox {
namespace {

using Fit = Constraint::Fit;

const Labels fat_in_a = {{"rack", "a"}, {"fat", ""}};
const Labels thin_in_b = {{"rack", "b"}, {"thin", ""}};
const Labels bare;

Constraint parsed(const std::string& text) {
  auto constraint = Constraint::parse(text);
  EXPECT_TRUE(constraint) << constraint.error().message;
  return constraint ? *constraint : Constraint{};
}

std::string constraint_refusal(const std::string& text) {
  const auto constraint = Constraint::parse(text);
  return constraint ? "accepted" : constraint.error().message;
}

TEST(Constraint, WithoutTextAsksForNothing) {
  for (const char* text : {"", "  ", "\t"}) {
    const Constraint none = parsed(text);
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.fit(bare), (Fit{1, 0}));
  }
}

TEST(Constraint, OfOneSelectorIsForEachNode) {
  const Constraint both = parsed("fat & rack=a");
  EXPECT_EQ(both.fit(fat_in_a), (Fit{1, 0}));
  EXPECT_EQ(both.fit(thin_in_b), (Fit{0, 0}));
  EXPECT_EQ(both.text(), "fat & rack=a");
  EXPECT_EQ(parsed("fat|thin").fit(thin_in_b).choices, 1U);
  EXPECT_EQ(parsed("fat&gpu|thin").fit(thin_in_b).choices, 1U);
  EXPECT_EQ(parsed("!(fat|thin)").fit(bare).choices, 1U);
}

TEST(Constraint, CountsKindsOfNodes) {
  const Constraint counted = parsed("fat*2&rack=b*4&rack");
  ASSERT_EQ(counted.counted().size(), 2U);
  EXPECT_EQ(counted.counted()[0].text, "fat");
  EXPECT_EQ(counted.counted()[0].count, 2U);
  EXPECT_EQ(counted.counted()[1].count, 4U);
  EXPECT_EQ(counted.nodes_counted(), 6U);
  EXPECT_EQ(counted.fit(fat_in_a), (Fit{1, 1}));
  EXPECT_EQ(counted.fit(thin_in_b), (Fit{1, 2}));
  EXPECT_EQ(counted.fit(bare).choices, 0U);  // rack is for each
  EXPECT_EQ(parsed("[ (fat&rack=a) * 3 & thin*1 ]").nodes_counted(), 4U);
}

TEST(Constraint, ChoosesOneGroupForAllNodes) {
  const Constraint choice = parsed("[rack=a|rack=b]&!gpu");
  ASSERT_EQ(choice.choices().size(), 2U);
  EXPECT_EQ(choice.choices()[1].text, "rack=b");
  EXPECT_EQ(choice.fit(fat_in_a).choices, 1U);
  EXPECT_EQ(choice.fit(thin_in_b).choices, 2U);
  EXPECT_EQ(choice.fit(bare).choices, 0U);
  EXPECT_EQ(parsed("[rack|fat]").fit(fat_in_a).choices, 3U);
}

TEST(Constraint, SaysWhatIsWrongAndInWhichColumn) {
  EXPECT_EQ(constraint_refusal("a*"),
            "constraint \"a*\": a number of nodes from 1 to 1000000 is missing at column 3");
  EXPECT_EQ(constraint_refusal("a*0&b"),
            "constraint \"a*0&b\": a number of nodes from 1 to 1000000 is missing at column 3");
  EXPECT_EQ(constraint_refusal("a*x"),
            "constraint \"a*x\": a number of nodes from 1 to 1000000 is missing at column 3");
  EXPECT_EQ(constraint_refusal("*2"), "constraint \"*2\": a label is missing at column 1");
  EXPECT_EQ(constraint_refusal("a&"), "constraint \"a&\": a label is missing at column 3");
  EXPECT_EQ(constraint_refusal("a&&b"), "constraint \"a&&b\": a label is missing at column 3");
  EXPECT_EQ(constraint_refusal("a|b*2"),
            "constraint \"a|b*2\": a count cannot stand beside | at column 4");
  EXPECT_EQ(constraint_refusal("(a*2)"),
            "constraint \"(a*2)\": a count cannot stand inside of another part at column 3");
  EXPECT_EQ(constraint_refusal("![a|b]"),
            "constraint \"![a|b]\": brackets cannot stand inside of another part at column 2");
  EXPECT_EQ(constraint_refusal("[a|b*2]"),
            "constraint \"[a|b*2]\": a count cannot stand in a choice at column 5");
  EXPECT_EQ(constraint_refusal("[a|b]&[c|d]"),
            "constraint \"[a|b]&[c|d]\": a second choice between groups at column 7");
  EXPECT_EQ(constraint_refusal("[a|b"),
            "constraint \"[a|b\": ] is missing for the bracket at column 1");
  EXPECT_EQ(constraint_refusal("a)"),
            "constraint \"a)\": ( is missing before the bracket at column 2");
  EXPECT_EQ(constraint_refusal("(a]"),
            "constraint \"(a]\": [ is missing before the bracket at column 3");
  EXPECT_EQ(constraint_refusal("[a|b]c"), "constraint \"[a|b]c\": & is missing at column 6");
  EXPECT_EQ(constraint_refusal("a b&c"), "constraint \"a b&c\": & or | is missing at column 3");
  EXPECT_EQ(constraint_refusal("x&rack=\"a\""),
            "constraint \"x&rack=\"a\"\": & or | is missing at column 8");
  EXPECT_EQ(constraint_refusal("a*1&b*1&c*1&d*1&e*1&f*1&g*1"),
            "constraint \"a*1&b*1&c*1&d*1&e*1&f*1&g*1\": more than 6 kinds are counted at column "
            "25");
}

TEST(Constraint, OfTooMuchIsRefused) {
  EXPECT_NE(constraint_refusal(std::string(5000, 'a')).find("longer than 4096 bytes"),
            std::string::npos);
  EXPECT_NE(
      constraint_refusal(std::string(40, '(') + "a" + std::string(40, ')')).find("too deeply"),
      std::string::npos);
  EXPECT_NE(
      constraint_refusal(std::string(40, '[') + "a" + std::string(40, ']')).find("too deeply"),
      std::string::npos);
  std::string choice = "[a0";
  for (int i = 1; i < 33; ++i) choice += "|a" + std::to_string(i);
  EXPECT_NE(constraint_refusal(choice + "]").find("more than 32 groups"), std::string::npos);
}

/// Whatever is typed is read, or refused in one line that says where.
TEST(Constraint, AnyBytesAreReadOrRefusedWithAColumn) {
  EXPECT_TRUE(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab=!&|()[]*19 \t\"\\\n")));
    const auto constraint = Constraint::parse(text);
    if (constraint) {
      const auto again = Constraint::parse(constraint->text());
      RC_ASSERT(again.has_value() && *again == *constraint);
      static_cast<void>(constraint->fit(fat_in_a));
      return;
    }
    const std::string& message = constraint.error().message;
    RC_ASSERT(message.find(" at column ") != std::string::npos);
    RC_ASSERT(message.find('\n') == std::string::npos);
  }));
}

}  // namespace
}  // namespace cox
