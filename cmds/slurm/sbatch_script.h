// The script that sbatch submits: a file, standard input or --wrap.
#pragma once

#include <string>
#include <vector>

#include "cmds/slurm/option_table.h"
#include "common/result.h"

namespace cox::cmds::slurm {

struct Script {
  std::string text;
  std::string job_name;  // of a job that is given none
  std::vector<std::string> arguments;
};

/// error: not_found, or bad_usage for what cannot be a script, in Slurm's words
Result<Script> read_script(const Words& given);

}  // namespace cox::cmds::slurm
