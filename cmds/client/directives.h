// Options inside a script: lines "#COX ..." and "#SBATCH ..." before the first command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/options.h"
#include "common/result.h"

namespace cox::cmds {

struct Directive {
  std::size_t line = 0;            // from 1
  std::vector<std::string> words;  // quotes and backslashes resolved, trailing comment removed
  friend bool operator==(const Directive&, const Directive&) = default;
};

/// Reading stops at the first line that is neither blank nor a comment. "##COX" and "# COX" are
/// comments. error: bad_usage with the line of an open quote
Result<std::vector<Directive>> read_directives(std::string_view script);

/// The options of all directives in order. error: bad_usage "NAME:LINE: ..."
Result<std::vector<GivenOption>> directive_options(OptionTable table,
                                                   std::string_view script,
                                                   const std::string& script_name);

/// Whether this can be a script at all. error: bad_usage for an empty file, NUL bytes, DOS line
/// ends, or no "#!" in front
Result<void> check_script(std::string_view script, const std::string& script_name);

}  // namespace cox::cmds
