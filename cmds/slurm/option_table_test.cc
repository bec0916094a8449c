// Reading by getopt_long's rules; trap 5 of what existing tools rely on.
#include "cmds/slurm/option_table.h"

#include <gtest/gtest.h>

#include <array>

namespace cox::cmds::slurm {
namespace {

constexpr std::array table = {
    Option{"array", 'r', "", Parity::exact, ""},
    Option{"format", 'o', "FORMAT", Parity::exact, ""},
    Option{"jobs", 'j', "[=LIST]", Parity::exact, ""},
    Option{"nodelist", 'w', "NODES", Parity::exact, ""},
    Option{"node", 0, "NODES", Parity::exact, "", "nodelist"},
    Option{"nodes", 0, "NODES", Parity::exact, "", "nodelist"},
    Option{"noheader", 'h', "", Parity::exact, ""},
    Option{"json", 0, "", Parity::refused, "not here"},
    Option{"gpus", 'G', "[TYPE:]N", Parity::exact, ""},
};

std::string told(const std::vector<std::string>& words, Stop stop = Stop::never) {
  const auto given = read_words(table, words, stop);
  if (!given) return given.error().message;
  std::string text;
  for (const Given& one : given->options) {
    text += std::string(one.option->name) + (one.has_value ? "=" + one.value : "") + " ";
  }
  for (const std::string& operand : given->operands) text += "[" + operand + "] ";
  return text;
}

TEST(SlurmOptions, ContractTrap5LettersClusterAndJoinTheirValue) {
  EXPECT_EQ(told({"-rho%i"}), "array noheader format=%i ");
  EXPECT_EQ(told({"-ho", "%i %t"}), "noheader format=%i %t ");
  EXPECT_EQ(told({"-j5", "-o=x"}), "jobs=5 format==x ");
}

TEST(SlurmOptions, ContractTrap5OptionsMayFollowOperands) {
  EXPECT_EQ(told({"12", "-h", "13", "--format", "%i"}), "noheader format=%i [12] [13] ");
  EXPECT_EQ(told({"12", "--", "-h"}), "[12] [-h] ");
  EXPECT_EQ(told({"-h", "script", "-h"}, Stop::at_operand), "noheader [script] [-h] ");
}

TEST(SlurmOptions, ContractTrap5UniquePrefixesAreEnough) {
  EXPECT_EQ(told({"--form=%i", "--job=7"}), "format=%i jobs=7 ");
  EXPECT_EQ(told({"--nod=n1", "--nodes", "n2"}), "nodelist=n1 nodelist=n2 ");
  EXPECT_EQ(told({"--no"}), "option '--no' is ambiguous; possibilities: '--nodelist' '--noheader'");
}

TEST(SlurmOptions, AnOptionalValueComesOnlyBehindEquals) {
  EXPECT_EQ(told({"--jobs", "7"}), "jobs [7] ");
  EXPECT_EQ(told({"--jobs=7"}), "jobs=7 ");
}

TEST(SlurmOptions, AValueOfWhichAPartMayBeLeftOutIsNoOptionalOne) {
  EXPECT_EQ(told({"--gpus", "2", "-G", "a100:1", "-G3"}), "gpus=2 gpus=a100:1 gpus=3 ");
  EXPECT_EQ(told({"--gpus"}), "option '--gpus' requires an argument");
}

TEST(SlurmOptions, MistakesAreTold) {
  EXPECT_EQ(told({"--nonsense"}), "unrecognized option '--nonsense'");
  EXPECT_EQ(told({"-hz"}), "invalid option -- 'z'");
  EXPECT_EQ(told({"--format"}), "option '--format' requires an argument");
  EXPECT_EQ(told({"--array=1"}), "option '--array' doesn't allow an argument");
}

TEST(SlurmOptions, WhatIsRefusedSaysWhy) {
  EXPECT_EQ(told({"--json"}), "--json: not here");
}

TEST(SlurmOptions, TheLastValueCounts) {
  const auto given = read_words(table, {"-o", "a", "-o", "b"}, Stop::never);
  ASSERT_TRUE(given);
  EXPECT_EQ(given->value("format"), "b");
  EXPECT_FALSE(given->has("array"));
}

}  // namespace
}  // namespace cox::cmds::slurm
