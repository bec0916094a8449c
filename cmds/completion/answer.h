// The words for a question: those of the tables, and what a controller that answers at once knows.
#pragma once

#include <string>
#include <vector>

#include "cmds/completion/question.h"

namespace cox::cmds {

enum class Shell { bash, zsh };

/// Lines for the shell's script: "WORD" or "WORD<tab>HELP"; ":files" and the like where the shell
/// itself knows what there is. Never an error: who types has no use for one.
std::string completion_lines(const Question& question, Shell shell);

}  // namespace cox::cmds
