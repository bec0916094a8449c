// Directives in scripts.
#include "cmds/client/directives.h"

#include <gtest/gtest.h>

#include "cmds/client/request_options.h"

namespace cox::cmds {
namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view script) {
  const auto read = read_directives(script);
  Words all;
  if (!read) return {"error: " + read.error().message};
  for (const Directive& directive : *read) {
    all.insert(all.end(), directive.words.begin(), directive.words.end());
  }
  return all;
}

TEST(Directives, both_prefixes_before_the_first_command) {
  EXPECT_EQ(words_of("#!/bin/sh\n#COX -N 2\n\n# text\n#SBATCH --mem=1G -n4\necho\n#COX -H\n"),
            (Words{"-N", "2", "--mem=1G", "-n4"}));
}

TEST(Directives, must_start_in_the_first_column_and_be_a_word) {
  EXPECT_EQ(words_of("#!/bin/sh\n##SBATCH -H\n# SBATCH -H\n #COX -H\n#COXSWAIN -H\n"), Words{});
}

TEST(Directives, quotes_and_backslashes_are_the_shells) {
  EXPECT_EQ(words_of("#COX --comment='a # b' --label \"x=\\\"y\\\"\" -J a\\ b\n"),
            (Words{"--comment=a # b", "--label", "x=\"y\"", "-J", "a b"}));
}

TEST(Directives, a_comment_may_follow) {
  EXPECT_EQ(words_of("#SBATCH -N 2 # two nodes\n#SBATCH -J a#b"), (Words{"-N", "2", "-J", "a#b"}));
}

TEST(Directives, an_open_quote_is_told_with_its_line) {
  EXPECT_EQ(words_of("#!/bin/sh\n#COX -J 'a\n"), Words{"error: 2: a quote is not closed"});
}

TEST(Directives, errors_name_script_and_line) {
  static const auto table = request_options();
  const auto unknown = directive_options(table, "#!/bin/sh\n\n#COX --nodez=1\n", "job.sh");
  EXPECT_EQ(unknown.error().message, "job.sh:3: --nodez: unknown option, perhaps --nodes");
  const auto operand = directive_options(table, "#COX -H now\n", "job.sh");
  EXPECT_EQ(operand.error().message, "job.sh:1: now: an option is expected");
  const auto later = directive_options(table, "#SBATCH --reservation=1-3\n", "job.sh");
  EXPECT_EQ(later.error().message, "job.sh:1: --reservation: not supported yet by this version");
}

TEST(Directives, what_is_no_script_is_refused) {
  EXPECT_TRUE(check_script("#!/bin/sh\ntrue\n", "s"));
  EXPECT_FALSE(check_script("", "s"));
  EXPECT_FALSE(check_script("true\n", "s"));
  EXPECT_FALSE(check_script("#!/bin/sh\r\ntrue\r\n", "s"));
  EXPECT_FALSE(check_script(std::string_view("#!/bin/sh\n\0", 11), "s"));
}

}  // namespace
}  // namespace cox::cmds
