// The request of `cox run`: an interactive job with its first step, or a step of the job around us.
#pragma once

#include "cmds/client/parse.h"
#include "cmds/client/wording.h"
#include "cmds/run/attachment.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

OptionTable run_options();

struct RunRequest {
  wire::ClientRequest request;
  AttachOptions attach;
  Wording wording;
};

/// error: bad_usage names the option at fault
Result<RunRequest> read_run_request(const Parsed& given);

/// Exit status of a step: the highest of its tasks; 125 when it could not be started at all.
int step_status(const wire::StepResult& result);
/// Why it ended, when not by itself; "" otherwise.
std::string step_end_text(std::uint64_t job, const wire::StepResult& result);

}  // namespace cox::cmds
