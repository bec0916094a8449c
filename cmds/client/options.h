// Command lines as people write them, made plain: long options by unique prefix, short ones joined
// to their value or to each other, options that stop at the script or command. No parsing library
// here, so that directives in scripts and command lines are read by the same rules.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::cmds {

/// One row of a command's option table.
struct OptionSpec {
  const char* name;   // long name without dashes
  char letter;        // short name, or 0
  const char* value;  // "" takes nothing; "MIN[-MAX]" takes one; "[=N]" takes one only after '='
  const char* help;   // at most 48 characters. Known but not supported: "", or "!" and what
                      // to do instead

  bool takes_value() const { return *value != '\0' && !may_take_value(); }

  bool may_take_value() const { return value[0] == '[' && value[1] == '='; }

  bool is_supported() const { return *help != '\0' && *help != '!'; }
};

using OptionTable = std::span<const OptionSpec>;

/// An option as it was given, by its full name.
struct GivenOption {
  const OptionSpec* spec = nullptr;
  std::string value;
  bool has_value = false;
  std::string where{};  // of a directive: NAME:LINE of the script
  friend bool operator==(const GivenOption&, const GivenOption&) = default;
};

struct NormalWords {
  std::vector<GivenOption> options;  // in the order given
  std::vector<std::string> operands;
  bool dashes = false;  // "--" came before the operands
};

/// error: bad_usage when `name` was given with several values, of which one alone can be meant
Result<void> check_once(const std::vector<GivenOption>& options, std::string_view name);

/// Where options end.
enum class Operands { anywhere, end_options };

/// Reads `words` by `table`. error: bad_usage names the word at fault and, where there is one, the
/// nearest right name
Result<NormalWords> normalise(OptionTable table,
                              const std::vector<std::string>& words,
                              Operands operands);

}  // namespace cox::cmds
