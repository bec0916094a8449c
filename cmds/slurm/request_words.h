// Slurm's options as those of `cox run` or `cox alloc`, so that nothing is decided here twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/options.h"
#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

/// A variable of the environment that stands for an option.
struct Variable {
  const char* name = "";      // behind the prefix
  const char* option = "";    // "" when the name is the option's
  bool is_for_steps = false;  // srun: also inside a job
};

std::string option_name(const Variable& from);
/// What Slurm reads from left to right and cox with & before |: refused where that differs.
Result<void> check_features(const std::string& option, const std::string& text);
/// The options that the variables `prefix`... stand for, as words. What only switches on is on
/// unless the value is 0 or no.
std::vector<std::string> words_of(std::span<const Variable> variables,
                                  const std::string& prefix,
                                  Options table);

/// A path is a file with one node list a line. error: not_found
Result<std::string> node_list(const std::string& text, bool is_file);

/// --distribution: the order of ranks over nodes, "" for the usual one. error: bad_usage for an
/// order within nodes, and for one that is not here
Result<std::string> node_order(const std::string& text);

/// What was asked for in words of a command of ours.
class CoxWords {
 public:
  explicit CoxWords(OptionTable table) : table_(table) {}

  /// error: bad_usage where the command has no such option, or does not support it yet
  Result<void> add(std::string_view name, const std::string& value, bool has_value);

  Result<void> add(std::string_view name) { return add(name, "", false); }

  /// An option that only this version of the command may lack.
  bool supports(std::string_view name) const;

  bool has(std::string_view name) const;
  /// The last value; "" when it was not given.
  std::string value(std::string_view name) const;
  void remove(std::string_view name);

  NormalWords take(std::vector<std::string> operands) {
    return {std::move(options_), std::move(operands), false};
  }

 private:
  OptionTable table_;
  std::vector<GivenOption> options_;
};

}  // namespace cox::cmds::slurm
