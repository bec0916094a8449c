// Command words: prefixes, joined values, where options stop.
#include "cmds/client/options.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/labelled.h"
#include "cmds/client/parse.h"
#include "cmds/client/request_options.h"
#include "model/selector.h"

namespace cox::cmds {
namespace {

constexpr std::array table = {
    OptionSpec{"nodes", 'N', "MIN[-MAX]", "nodes"},
    OptionSpec{"nodelist", 'w', "NODES", "list"},
    OptionSpec{"hold", 'H', "", "hold"},
    OptionSpec{"nice", 0, "[=N]", "nice"},
    OptionSpec{"label", 0, "K=V", "label"},
    OptionSpec{"label-output", 'l', "", "ranks"},
    OptionSpec{"gpus", 'G', "[TYPE:]N", "gpus"},
};

OptionTable options() {
  return table;
}

const Command command{"test", "[OPTIONS] SCRIPT", "a test", options, Operands::end_options, 0,
                      nullptr};

std::string told(const std::vector<std::string>& words, Operands operands = Operands::end_options) {
  const auto read = normalise(table, words, operands);
  if (!read) return read.error().message;
  std::string text;
  for (const GivenOption& option : read->options) {
    text += std::string(option.spec->name) + (option.has_value ? "=" + option.value : "") + " ";
  }
  text += "|";
  for (const std::string& operand : read->operands) text += " " + operand;
  return text;
}

TEST(Options, long_names_may_be_shortened_to_a_unique_prefix) {
  EXPECT_EQ(told({"--ho"}), "hold |");
  EXPECT_EQ(told({"--nodes", "2"}), "nodes=2 |");
  EXPECT_EQ(told({"--nodel=a"}), "nodelist=a |");
}

TEST(Options, an_exact_name_wins_over_longer_ones) {
  EXPECT_EQ(told({"--label", "a=b"}), "label=a=b |");
  EXPECT_EQ(told({"--label-o"}), "label-output |");
}

TEST(Options, an_ambiguous_prefix_names_the_candidates) {
  EXPECT_EQ(told({"--node", "2"}), "--node: ambiguous: --nodes, --nodelist");
}

TEST(Options, an_unknown_name_is_answered_with_the_nearest) {
  EXPECT_EQ(told({"--nodez"}), "--nodez: unknown option, perhaps --nodes");
  EXPECT_EQ(told({"-z"}), "-z: unknown option");
}

TEST(Options, short_names_may_be_joined_to_their_value_and_to_each_other) {
  EXPECT_EQ(told({"-N2"}), "nodes=2 |");
  EXPECT_EQ(told({"-N", "2-4"}), "nodes=2-4 |");
  EXPECT_EQ(told({"-HlN=3"}), "hold label-output nodes=3 |");
}

TEST(Options, options_stop_at_the_script) {
  EXPECT_EQ(told({"-H", "job.sh", "-N", "2"}), "hold | job.sh -N 2");
  EXPECT_EQ(told({"-H", "--", "-N"}), "hold | -N");
  EXPECT_EQ(told({"-", "-N"}), "| - -N");
}

TEST(Options, where_operands_may_be_anywhere_options_follow_them) {
  EXPECT_EQ(told({"7", "-H", "8"}, Operands::anywhere), "hold | 7 8");
}

TEST(Options, the_value_of_an_option_is_the_next_word_whatever_it_looks_like) {
  EXPECT_EQ(told({"--nodes", "-5", "x"}), "nodes=-5 | x");
  EXPECT_EQ(told({"-G", "a100:2"}), "gpus=a100:2 |");
}

TEST(Options, an_optional_value_does_not_swallow_the_next_word) {
  EXPECT_EQ(told({"--nice", "5"}), "nice | 5");
  EXPECT_EQ(told({"--nice=5"}), "nice=5 |");
}

TEST(Options, a_missing_or_a_needless_value_is_refused) {
  EXPECT_EQ(told({"--nodes"}), "--nodes: a value is missing: MIN[-MAX]");
  EXPECT_EQ(told({"--hold=1"}), "--hold=1: --hold takes no value");
}

TEST(Parse, keeps_values_that_a_parser_would_mistake) {
  for (const std::string value : {"", "[a,b]", "--hold", "=x", "{}", "a b", "0"}) {
    const auto parsed = parse(command, {"--label=" + value, "-w", value, "job.sh"});
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->value("label"), value);
    EXPECT_EQ(parsed->value("nodelist"), value);
    EXPECT_EQ(parsed->operands(), std::vector<std::string>{"job.sh"});
  }
}

TEST(Parse, keeps_the_order_of_repeated_options) {
  const auto parsed = parse(command, {"--label=a=1", "-H", "--label=b=2", "--nice", "--nice=3"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  std::string order;
  for (const GivenOption& option : parsed->options()) {
    order += std::string(option.spec->name) + ":" + option.value + " ";
  }
  EXPECT_EQ(order, "label:a=1 hold: label:b=2 nice: nice:3 ");
  EXPECT_EQ(parsed->value("label"), "b=2");
}

TEST(Parse, repeated_options_that_choose_add_up) {
  const auto parsed = parse(queue_command, {"-u", "ada", "-s", "PD,R", "-u", "bob", "-s", "CG"});
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->list("user"), "ada,bob");
  EXPECT_EQ(parsed->list("state"), "PD,R,CG");
  EXPECT_EQ(parsed->list("name"), "");
}

std::string selector_of(const std::vector<std::string>& words) {
  const auto parsed = parse(cancel_command, words);
  EXPECT_TRUE(parsed);
  const auto selector = selector_asked(*parsed);
  return selector ? *selector : selector.error().message;
}

TEST(Parse, of_repeated_labels_all_must_hold) {
  EXPECT_EQ(selector_of({}), "");
  EXPECT_EQ(selector_of({"-l", "a|b"}), "a|b");
  const std::string both = selector_of({"-l", "a|b", "--label", "!c"});
  const auto selector = Selector::parse(both);
  ASSERT_TRUE(selector) << both;
  EXPECT_TRUE(selector->matches({{"b", ""}}));
  EXPECT_FALSE(selector->matches({{"b", ""}, {"c", ""}}));
  EXPECT_FALSE(selector->matches({{"d", ""}}));
  const std::string expected = "--label \"\": a selector is expected, as app=cfd";
  EXPECT_EQ(selector_of({"-l", ""}), expected);
  EXPECT_EQ(selector_of({"-l", "a", "-l", " "}), expected);
  EXPECT_EQ(selector_of({"-l", "a)", "-l", "(b"}).substr(0, 21), "--label: selector \"a)")
      << "each by itself";
  EXPECT_NE(selector_of({"-l", std::string(3000, 'a'), "-l", std::string(3000, 'b')})
                .find("a label is missing"),
            std::string::npos);
}

TEST(Parse, what_would_be_a_loss_is_not_dropped) {
  const auto told = [](const std::vector<std::string>& words) {
    const auto parsed = parse(submit_command, words);
    EXPECT_TRUE(parsed);
    const auto once = check_given_once(parsed->options());
    return once ? "" : once.error().message;
  };
  EXPECT_EQ(told({"-t", "1", "-t", "2", "-d", "afterok:1", "-d", "afterok:1"}), "");
  EXPECT_EQ(told({"-d", "afterok:1", "-d", "afterok:2"}),
            "--dependency afterok:1 and afterok:2: only one can be meant (in one list they hold "
            "together: A,B)");
  EXPECT_EQ(told({"-x", "n1", "-x", "n2"}).substr(0, 20), "--exclude n1 and n2:");
}

RC_GTEST_PROP(Parse, gives_back_what_normalise_read, (const std::vector<std::string>& values)) {
  std::vector<std::string> words;
  for (const std::string& value : values) {
    if (value.find('\0') != std::string::npos) continue;
    words.insert(words.end(), {"--nodelist", value});
  }
  const auto normal = normalise(table, words, Operands::end_options);
  const auto parsed = parse(command, words);
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->options() == normal->options);
}

}  // namespace
}  // namespace cox::cmds
