// What cancel, hold, release, requeue, suspend, resume and update share: jobs named one by one, by
// user or by label, errors per job.
#pragma once

#include "cmds/client/parse.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

OptionTable job_action_options();

/// Asks for `action` on what `given` names. A job that is refused is one line on stderr; the status
/// is 0, that of the refusals when all are alike, else 1.
/// `action`: what of it is the same for all of them; a step in it is one of each job.
Result<int> run_job_action(const Parsed& given, const wire::JobAction& action);
Result<int> run_job_action(const Parsed& given, wire::JobAction::Kind kind);

}  // namespace cox::cmds
