// One command's description and what was given to it. CLI11 stays inside parse.cc, where it
// writes the help.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/options.h"
#include "common/result.h"
#include "common/text.h"

namespace cox::cmds {

class Parsed;

/// A subcommand of cox. The table of all of them is commands.cc.
struct Command {
  const char* name;
  const char* usage;    // after "cox NAME"
  const char* summary;  // one line of `cox help`
  OptionTable (*options)();
  Operands operands;
  int own_failure;  // exit status of its own failures; 0: by the error's code
  Result<int> (*run)(const Parsed& given);
};

/// A command line, read.
class Parsed {
 public:
  Parsed(const Command& command, NormalWords words)
      : command_(&command), words_(std::move(words)) {}

  const Command& command() const { return *command_; }

  const std::vector<GivenOption>& options() const { return words_.options; }

  const std::vector<std::string>& operands() const { return words_.operands; }

  bool has_dashes() const { return words_.dashes; }

  bool has(std::string_view name) const { return find(name) != nullptr; }

  /// The last value given for the option; "" when it was not.
  std::string value(std::string_view name) const;
  /// All values given for it, in order.
  std::vector<std::string> values(std::string_view name) const;

  /// Of an option that takes a list: what all of them name, joined by ','.
  std::string list(std::string_view name) const { return join(values(name), ","); }

 private:
  const GivenOption* find(std::string_view name) const;

  const Command* command_;
  NormalWords words_;
};

/// Reads the words behind the command's name. error: bad_usage
Result<Parsed> parse(const Command& command, const std::vector<std::string>& words);
/// What --help prints.
std::string help_text(const Command& command);

/// A whole number in range, for the option `name`.
Result<std::uint32_t> number_option(std::string_view name,
                                    std::string_view text,
                                    std::uint32_t minimum,
                                    std::uint32_t maximum);

}  // namespace cox::cmds
