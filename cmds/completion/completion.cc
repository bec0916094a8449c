// cox completion: the script with which a shell completes command lines, and the words for it.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/terminal.h"
#include "cmds/completion/answer.h"
#include "cmds/completion/scripts.h"
#include "common/text.h"

namespace cox::cmds {
namespace completion_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {help_option};
  return table;
}

Result<int> print_all(std::string_view text) {
  const auto printed = print(text);
  if (!printed) return Failure(printed.error());
  return 0;
}

/// The operands are "words", the shell, and the command line up to the cursor.
Result<int> print_words(const Parsed& given, const std::vector<std::string>& operands) {
  const bool is_known = operands.size() > 1 && (operands[1] == "bash" || operands[1] == "zsh");
  if (!is_known) return usage_error(given.command(), "words: a shell, bash or zsh, is expected");
  const Shell shell = operands[1] == "zsh" ? Shell::zsh : Shell::bash;
  const std::vector<std::string> line(operands.begin() + 2, operands.end());
  return print_all(completion_lines(read_question(line, shell == Shell::bash), shell));
}

Result<int> run(const Parsed& given) {
  const auto& operands = given.operands();
  if (operands.empty()) return usage_error(given.command(), "a shell is missing");
  if (operands[0] == "words") return print_words(given, operands);
  if (operands.size() > 1) {
    return usage_error(given.command(), quoted(operands[1]) + ": nothing is expected here");
  }
  if (operands[0] == "bash") return print_all(bash_script);
  if (operands[0] == "zsh") return print_all(zsh_script);
  return usage_error(given.command(), quoted(operands[0]) + ": no shell that we know");
}

}  // namespace
}  // namespace completion_locals

const Command completion_command{"completion",
                                 "bash|zsh",
                                 "the script with which a shell completes",
                                 completion_locals::options,
                                 Operands::end_options,
                                 0,
                                 completion_locals::run};

}  // namespace cox::cmds
