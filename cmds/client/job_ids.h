// The names of jobs and steps on a command line: ID and ID.STEP.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"
#include "model/ids.h"

namespace cox::cmds {

struct JobName {
  JobId job;
  std::optional<StepId> step;
};

/// "12", "12.0", "12.batch". error: bad_usage names the text
Result<JobName> parse_job_name(std::string_view text);
/// The operands of a command as jobs without a step. error: bad_usage
Result<std::vector<JobId>> job_operands(const Parsed& given);
/// The one operand of a command. error: bad_usage when there are none or several
Result<JobId> one_job(const Parsed& given);
/// --user, a name or a number, as the controller knows it; "" without the option. error: not_found
Result<std::string> user_asked(const Parsed& given);

}  // namespace cox::cmds
