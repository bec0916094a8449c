// The option tables of Slurm's commands, and their reading by the rules of getopt_long: unique
// prefixes, joined and clustered letters, options after operands, optional values only with '='.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::cmds::slurm {

/// How far an option or a field does here what it does in Slurm. man/cox-slurm.7 has the word of
/// each; a test compares.
enum class Parity { exact, approximated, refused };

// As the tables of options and columns write it.
constexpr Parity exact = Parity::exact;
constexpr Parity about = Parity::approximated;
constexpr Parity refused = Parity::refused;
/// Why one is refused that may come.
constexpr const char* later = "not supported by this version";

std::string_view to_text(Parity parity);

/// One row of a command's option table.
struct Option {
  const char* name = "";   // long name without dashes; "" when there is only a letter
  char letter = 0;         // or 0
  const char* value = "";  // "" takes nothing; "X" or "[A:]X" takes one; "[=X]" only after '='
  Parity parity = Parity::exact;
  const char* how = "";  // approximated: what is done instead; refused: why, or what to do instead
  const char* same_as = "";  // another name of that option

  bool takes_value() const { return *value != '\0' && !may_take_value(); }

  bool may_take_value() const { return std::string_view(value).starts_with("[="); }
};

using Options = std::span<const Option>;

struct Given {
  const Option* option = nullptr;  // never an alias
  std::string value;
  bool has_value = false;
};

enum class Stop { never, at_operand };

struct Words {
  std::vector<Given> options;  // in the order given
  std::vector<std::string> operands;

  bool has(std::string_view name) const { return find(name) != nullptr; }

  /// The last value given; "" when there is none.
  std::string value(std::string_view name) const;
  const Given* find(std::string_view name) const;
};

/// Options that are refused are an error, with the reason from the table.
/// error: bad_usage in getopt_long's words
Result<Words> read_words(Options table, const std::vector<std::string>& words, Stop stop);
/// The row of that name. There must be one.
const Option& row_of(Options table, std::string_view name);

}  // namespace cox::cmds::slurm
