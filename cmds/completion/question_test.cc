// What half-typed command lines ask for.
#include "cmds/completion/question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmds/client/commands.h"
#include "cmds/completion/answer.h"
#include "cmds/completion/values.h"

namespace cox::cmds {
namespace {

using ::testing::Contains;
using ::testing::Not;

Question ask(std::vector<std::string> words) {
  words.insert(words.begin(), "cox");
  return read_question(std::move(words), false);
}

std::vector<std::string> words_of(const Question& question) {
  std::vector<std::string> words;
  for (const Candidate& one : question.words) words.push_back(one.word);
  return words;
}

TEST(Completion, EveryCommandHasItsOptionsAndNoneThatIsRefused) {
  for (const Command* command : all_commands()) {
    const auto words = words_of(ask({command->name, "--"}));
    EXPECT_THAT(words, Contains("--help")) << command->name;
    for (const OptionSpec& spec : command->options()) {
      const std::string word = std::string("--") + spec.name;
      if (spec.is_supported()) {
        EXPECT_THAT(words, Contains(word)) << command->name;
      } else {
        EXPECT_THAT(words, Not(Contains(word))) << command->name;
      }
    }
  }
}

TEST(Completion, CommandsComeFirstAndAfterHelp) {
  EXPECT_THAT(words_of(ask({""})), Contains("submit"));
  EXPECT_THAT(words_of(ask({"help", "su"})), Contains("submit"));
  EXPECT_THAT(words_of(ask({"--cluster", "/x", "su"})), Contains("submit"));
  EXPECT_THAT(words_of(ask({"--cl"})), Contains("--cluster"));
}

TEST(Completion, ValuesFollowTheirOptionInEveryWayOfWritingIt) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"submit", "-p", "ba"},
                                                                 {"submit", "--partition", "ba"},
                                                                 {"submit", "--part", "ba"},
                                                                 {"submit", "--partition=ba"},
                                                                 {"submit", "-Hp", "ba"}}) {
    const Question question = ask(words);
    EXPECT_EQ(question.wanted, Wanted::partitions) << words.back();
    EXPECT_EQ(question.typed, "ba") << words.back();
  }
  EXPECT_EQ(ask({"submit", "--partition=ba"}).option, "--partition=");
  EXPECT_EQ(ask({"submit", "-p", "a,b,c"}).list, "a,b,");
  EXPECT_EQ(ask({"submit", "-D", ""}).wanted, Wanted::directories);
  EXPECT_EQ(ask({"queue", "-u", ""}).wanted, Wanted::users);
  EXPECT_THAT(words_of(ask({"queue", "-o", ""})), Contains("where"));
  EXPECT_THAT(words_of(ask({"nodes", "-o", ""})), Contains("count"));
  EXPECT_THAT(words_of(ask({"history", "-s", ""})), Contains("TIMEOUT"));
  EXPECT_THAT(words_of(ask({"history", "-s", ""})), Not(Contains("PENDING")));
  EXPECT_THAT(words_of(ask({"submit", "--open-mode", ""})), Contains("append"));
}

TEST(Completion, BashCutsWordsAtEqualsSigns) {
  const std::vector<std::string> at_sign{"cox", "submit", "--partition", "="};
  EXPECT_EQ(read_question(at_sign, true).wanted, Wanted::partitions);
  EXPECT_EQ(read_question(at_sign, true).typed, "");
  const std::vector<std::string> behind{"cox", "submit", "--partition", "=", "ba"};
  EXPECT_EQ(read_question(behind, true).typed, "ba");
  const std::vector<std::string> before{"cox", "cancel", "--cluster", "=", "/x", "1"};
  EXPECT_EQ(read_question(before, true).cluster, "/x");
  EXPECT_EQ(read_question(before, true).wanted, Wanted::jobs);
}

TEST(Completion, OperandsAreWhatTheUsageSays) {
  for (const char* command : {"queue", "cancel", "hold", "release", "requeue", "suspend", "resume",
                              "wait", "why", "logs", "history"}) {
    EXPECT_EQ(ask({command, ""}).wanted, Wanted::jobs) << command;
  }
  EXPECT_EQ(ask({"cancel", "1", "2", ""}).wanted, Wanted::jobs);
  EXPECT_TRUE(ask({"logs", ""}).is_ended_wanted);
  EXPECT_FALSE(ask({"cancel", ""}).is_ended_wanted);
  EXPECT_THAT(words_of(ask({"show", ""})), Contains("partition"));
  EXPECT_EQ(ask({"show", "node", ""}).wanted, Wanted::nodes);
  EXPECT_EQ(ask({"show", "job", ""}).wanted, Wanted::jobs);
  EXPECT_EQ(ask({"show", "step", ""}).wanted, Wanted::jobs);
  EXPECT_THAT(words_of(ask({"node", ""})), Contains("drain"));
  EXPECT_EQ(ask({"node", "drain", "n1", ""}).wanted, Wanted::nodes);
  EXPECT_EQ(ask({"partition", "down", "--reason", "x", ""}).wanted, Wanted::partitions);
  EXPECT_THAT(words_of(ask({"config", "pl"})), Contains("plan"));
  EXPECT_EQ(ask({"config", "plan", ""}).wanted, Wanted::files);
  EXPECT_THAT(words_of(ask({"completion", ""})), Contains("zsh"));
}

TEST(Completion, OptionsStopAtTheScriptOrCommand) {
  EXPECT_EQ(ask({"submit", ""}).wanted, Wanted::files);
  EXPECT_EQ(ask({"submit", "--", ""}).wanted, Wanted::programs);
  EXPECT_EQ(ask({"submit", "--", "ls", "-"}).wanted, Wanted::files);
  EXPECT_EQ(ask({"run", "-n", "2", ""}).wanted, Wanted::programs);
  EXPECT_EQ(ask({"alloc", "-n", "2", ""}).wanted, Wanted::programs);
  EXPECT_EQ(ask({"run", "ls", "--par"}).wanted, Wanted::files);
}

TEST(Completion, NonsenseIsAnsweredByNothing) {
  EXPECT_TRUE(words_of(ask({"nosuch", "--no"})).size() <= 2);
  EXPECT_TRUE(ask({"queue", "--nosuch="}).words.empty());
  EXPECT_TRUE(read_question({}, true).words.empty());
  EXPECT_TRUE(read_question({"cox"}, true).words.empty());
  EXPECT_EQ(completion_lines(ask({"queue", "--no-h"}), Shell::bash), "--no-header\n");
}

TEST(Completion, KeysOfConfigurationsAndOfUpdatesAreWords) {
  EXPECT_THAT(words_of(ask({"sim", "--set", "sch"})), Contains("scheduling.backfill="));
  EXPECT_THAT(words_of(ask({"update", "7", "ti"})), Contains("time="));
  EXPECT_EQ(ask({"update", "7"}).wanted, Wanted::jobs);
  EXPECT_EQ(completion_lines(ask({"sim", "--set=priority.f"}), Shell::bash),
            "priority.fairshare=\n");
  EXPECT_THAT(words_of(ask({"history", "-s", "D"})), Contains("DEADLINE"));
}

}  // namespace
}  // namespace cox::cmds
