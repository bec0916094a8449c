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
/// The job of an answer about a step, as people write it; its number from older controllers.
template <class Answer>
std::string job_name_of(const Answer& answer) {
  return answer.job_name().empty() ? std::to_string(answer.job()) : answer.job_name();
}

/// `job`: as people write it.
std::string step_end_text(const std::string& job, const wire::StepResult& result);

}  // namespace cox::cmds
