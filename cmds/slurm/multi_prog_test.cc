// srun --multi-prog: the command that its file becomes.
#include "cmds/slurm/multi_prog.h"

#include <gtest/gtest.h>

namespace cox::cmds::slurm {
namespace {

std::string script_of(std::string_view file, std::uint32_t tasks) {
  const auto command = multi_prog_command(file, {"more"}, tasks);
  if (!command) return command.error().message;
  EXPECT_EQ(command->size(), 5U);
  EXPECT_EQ((*command)[4], "more");
  return (*command)[2];
}

TEST(MultiProg, EachRankHasItsLine) {
  EXPECT_EQ(script_of("# comment\n0 a %t\n\n2,1 b '%o x'\n* c\n", 4),
            "case \"$SLURM_PROCID\" in\n"
            "0) exec 'a' 0 \"$@\" ;;\n"
            "1) exec 'b' 1' x' \"$@\" ;;\n"
            "2) exec 'b' 0' x' \"$@\" ;;\n"
            "*) exec 'c' \"$@\" ;;\n"
            "esac\n");
}

TEST(MultiProg, WordsAreKeptWhole) {
  EXPECT_EQ(script_of("0 a \"b c\" d\\ e it\\'s '' \\\n f\n", 1),
            "case \"$SLURM_PROCID\" in\n"
            "0) exec 'a' 'b c' 'd e' 'it'\\''s' '' 'f' \"$@\" ;;\n"
            "*) echo \"srun: error: no line is for rank $SLURM_PROCID\" >&2; exit 1 ;;\n"
            "esac\n");
}

TEST(MultiProg, MistakesNameTheLine) {
  EXPECT_EQ(script_of("0 a\n0-2 b\n", 3),
            "--multi-prog: line 2 of the file: rank 0 is in another line too");
  EXPECT_EQ(script_of("0\n", 1), "--multi-prog: line 1 of the file: a program is missing");
  EXPECT_EQ(script_of("2-1 a\n", 1),
            "--multi-prog: line 1 of the file: 2-1: ranks as 0,2-4 or * are expected");
  EXPECT_EQ(script_of("0,2 a\n", 3), "--multi-prog: no line of the file is for rank 1");
  EXPECT_EQ(script_of("0-4000000000 a\n", 3),
            "--multi-prog: line 1 of the file: 0-4000000000: ranks as 0,2-4 or * are expected");
}

}  // namespace
}  // namespace cox::cmds::slurm
