// The names of jobs and steps on a command line: ID, ID_INDEX and ID_[1-9,12] of an array, ID.STEP.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"
#include "model/array_spec.h"
#include "model/ids.h"
#include "wire/client.pb.h"

namespace cox::cmds {

struct JobName {
  JobId job;
  std::optional<StepId> step;
  ArraySpec elements;  // of the array `job`; empty: all of the job
  std::string text;    // as it was given
};

/// "12", "12.0", "12.batch", "7_4", "7_[1-9,12]". error: bad_usage names the text or the limit
Result<JobName> parse_job_name(std::string_view text);
/// The operands of a command as jobs without a step. error: bad_usage
Result<std::vector<JobName>> job_operands(const Parsed& given);
/// The one operand of a command. error: bad_usage when there are none or several
Result<JobName> one_job(const Parsed& given);
/// The job or the elements of `name` are what `view` shows, or part of it.
bool is_shown_by(const JobName& name, const wire::JobView& view);
/// Elements of an array as a message names them.
void put_elements(const JobName& name, wire::ElementsOf* to);

/// Adds what `names` say to a request that has `jobs` and `elements`.
template <class Message>
void put_names(const std::vector<JobName>& names, Message* to) {
  for (const JobName& name : names) {
    if (name.elements.empty()) {
      to->add_jobs(name.job.value);
    } else {
      put_elements(name, to->add_elements());
    }
  }
}

/// --user, names or numbers joined by ',', as the controller knows them; "" without the option.
/// error: not_found
Result<std::string> users_asked(const Parsed& given);

}  // namespace cox::cmds
