// Where srun --output and --error lead: to files, to this command, or of one task alone.
#pragma once

#include <string>

#include "cmds/slurm/request_words.h"
#include "cmds/slurm/srun_request.h"
#include "common/result.h"

namespace cox::cmds::slurm {

/// As they were given; "" where they were not.
struct StreamWords {
  std::string output, error;
};

/// "all" and "none", a pattern, or the number of the only task whose stream is printed; where there
/// is no such task the number is a file's name. Without --error the stream goes where the output
/// goes. `cox`: has everything else by now.
Result<void> choose_streams(const StreamWords& words, CoxWords* cox, SrunRequest* to);

}  // namespace cox::cmds::slurm
