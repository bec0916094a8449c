// --test-only: where and when a job would begin, asked of the controller as `cox submit --dry-run`.
#pragma once

#include "cmds/slurm/option_table.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds::slurm {

/// Says it on stderr, as tools read it there. `own`: options with --clusters. error: the refusal,
/// in Slurm's words behind `refusal`
Result<int> test_only(wire::Submit submit, const Words& own, const std::string& refusal);

}  // namespace cox::cmds::slurm
