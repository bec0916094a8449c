// What cancel, hold, release, requeue and update share: jobs named one by one, by user or by label,
// errors per job.
#pragma once

#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

OptionTable job_action_options();

/// Asks for `kind` on what `given` names. A job that is refused is one line on stderr; the status
/// is 0, that of the refusals when all are alike, else 1.
/// `changes`: of an update.
Result<int> run_job_action(const Parsed& given,
                           wire::JobAction::Kind kind,
                           const wire::JobChanges* changes = nullptr);

}  // namespace cox::cmds
