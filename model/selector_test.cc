// The grammar of labels, sentence by sentence, and against a plain evaluator.
#include "model/selector.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace cox {
namespace {

const Labels gpu_node = {{"gpu", "a100"}, {"rack", "a"}, {"fast", ""}};

bool selects(const std::string& text, const Labels& labels = gpu_node) {
  const auto selector = Selector::parse(text);
  EXPECT_TRUE(selector) << selector.error().message;
  return selector && selector->matches(labels);
}

std::string refusal(const std::string& text) {
  const auto selector = Selector::parse(text);
  return selector ? "accepted" : selector.error().message;
}

TEST(Selector, WantsAKeyAValueOrAnotherValue) {
  EXPECT_TRUE(selects("gpu"));
  EXPECT_TRUE(selects("fast"));
  EXPECT_FALSE(selects("slow"));
  EXPECT_TRUE(selects("gpu=a100"));
  EXPECT_FALSE(selects("gpu=h100"));
  EXPECT_TRUE(selects("gpu != h100"));
  EXPECT_FALSE(selects("gpu!=a100"));
}

TEST(Selector, OfAnotherValueTakesWhatHasNoSuchLabel) {
  EXPECT_TRUE(selects("room!=cellar"));
  EXPECT_FALSE(selects("room=cellar"));
}

TEST(Selector, WithoutTextSelectsEverything) {
  EXPECT_TRUE(selects(""));
  EXPECT_TRUE(selects("  ", {}));
}

TEST(Selector, AnEmptyValueIsAValue) {
  EXPECT_TRUE(selects("fast="));
  EXPECT_FALSE(selects("gpu="));
}

TEST(Selector, BindsNotBeforeAndBeforeOr) {
  EXPECT_TRUE(selects("gpu=a100 & rack!=z"));
  EXPECT_TRUE(selects("slow & slow | gpu"));
  EXPECT_TRUE(selects("gpu | slow & slow"));
  EXPECT_FALSE(selects("(gpu | slow) & slow"));
  EXPECT_TRUE(selects("!slow & gpu"));
  EXPECT_FALSE(selects("!(slow | gpu)"));
  EXPECT_TRUE(selects("!!gpu"));
}

TEST(Selector, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(refusal("gpu="), "accepted");
  EXPECT_EQ(refusal("gpu &"), "selector \"gpu &\": a label is missing at its end");
  EXPECT_EQ(refusal("gpu rack"), "selector \"gpu rack\": & or | is missing at \"rack\"");
  EXPECT_EQ(refusal("(gpu"), "selector \"(gpu\": ) is missing at its end");
  EXPECT_EQ(refusal("gpu)"), "selector \"gpu)\": & or | is missing at \")\"");
  EXPECT_EQ(refusal("=a"), "selector \"=a\": a label is missing at \"=a\"");
  EXPECT_EQ(refusal("a,b"), "selector \"a,b\": & or | is missing at \",b\"");
}

TEST(Selector, IsBoundedInLengthTermsAndDepth) {
  EXPECT_NE(refusal(std::string(selector_bytes_max + 1, 'a')).find("longer than"),
            std::string::npos);
  EXPECT_NE(refusal(std::string(100, '(')).find("nested too deeply"), std::string::npos);
  EXPECT_NE(refusal(std::string(100, '!')).find("nested too deeply"), std::string::npos);
  std::string many = "a";
  for (std::size_t i = 0; i < selector_terms_max; ++i) many += "|a";
  EXPECT_NE(refusal(many).find("too many terms"), std::string::npos);
  EXPECT_NE(refusal(std::string(65, 'a')), "accepted");
  EXPECT_NE(refusal("a=" + std::string(65, 'a')), "accepted");
}

/// Text of a random expression, and what it says of `labels`.
struct Expression {
  std::string text;
  bool value = false;
};

Expression any_expression(const Labels& labels, int depth) {
  const auto pick = [](int last) { return *rc::gen::inRange(0, last + 1); };
  if (depth == 0 || pick(2) == 0) {
    const std::string key(1, static_cast<char>('a' + pick(2)));
    const std::string value(1, static_cast<char>('x' + pick(1)));
    const auto label = labels.find(key);
    const bool is_there = label != labels.end();
    switch (pick(2)) {
      case 0:
        return {key, is_there};
      case 1:
        return {key + " = " + value, is_there && label->second == value};
      default:
        return {key + "!=" + value, !is_there || label->second != value};
    }
  }
  const Expression left = any_expression(labels, depth - 1);
  if (pick(2) == 0) return {"!(" + left.text + ")", !left.value};
  const Expression right = any_expression(labels, depth - 1);
  if (pick(1) == 0) return {"(" + left.text + ")&(" + right.text + ")", left.value && right.value};
  return {"(" + left.text + ") | (" + right.text + ")", left.value || right.value};
}

TEST(Selector, AgreesWithWhatTheExpressionSays) {
  rc::check([] {
    Labels labels;
    for (const std::string key : {"a", "b", "c"}) {
      if (*rc::gen::arbitrary<bool>()) labels[key] = *rc::gen::arbitrary<bool>() ? "x" : "y";
    }
    const Expression one = any_expression(labels, 4);
    RC_ASSERT(selects(one.text, labels) == one.value);
  });
}

}  // namespace
}  // namespace cox
