// Option tables that have files of their own.
#pragma once

#include "cmds/slurm/option_table.h"

namespace cox::cmds::slurm {

Options sacct_options();
Options squeue_options();

}  // namespace cox::cmds::slurm
