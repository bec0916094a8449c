// What may stand as the value of an option or as an operand: told by the placeholders of the option
// tables and of the commands' usage, so that a new command needs no word here.
#pragma once

#include <string>
#include <vector>

#include "cmds/completion/question.h"

namespace cox::cmds {

/// Sets what is wanted as the value of the option.
void value_of_option(const Command& command, const OptionSpec& spec, Question* to);
/// The value is several of them with commas between.
bool takes_list(const OptionSpec& spec);
/// Sets what is wanted behind `operands`. `dashes`: "--" came before.
void operand_of_command(const std::vector<std::string>& operands, bool dashes, Question* to);

}  // namespace cox::cmds
