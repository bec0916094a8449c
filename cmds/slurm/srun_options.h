// The option table of srun, and the variables that stand for its options.
#pragma once

#include <string>
#include <vector>

#include "cmds/slurm/option_table.h"

namespace cox::cmds::slurm {

Options srun_options();
/// The options that the variables SLURM_... and SRUN_... stand for, as words. Inside a job most of
/// them tell what the job is, and are no request.
std::vector<std::string> srun_environment_words(bool is_in_job);

}  // namespace cox::cmds::slurm
