// What sbatch's options put into a request: most are the request options of `cox submit`.
#pragma once

#include <string>
#include <vector>

#include "cmds/client/request_options.h"
#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

Options sbatch_options();
/// The options that the variables SBATCH_... stand for, as words.
std::vector<std::string> environment_words();

/// What was asked so far.
struct Submission {
  RequestDraft draft;
  Words own;  // options of sbatch itself
  bool has_export = false;
  std::vector<std::string> notes;  // what was done instead of what was asked
};

/// Later options replace earlier ones. error: bad_usage names option and value
Result<void> take_options(const std::vector<Given>& options, Submission* to);

}  // namespace cox::cmds::slurm
