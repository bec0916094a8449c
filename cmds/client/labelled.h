// Jobs that a command means by their labels, -l SELECTOR, instead of by their names.
#pragma once

#include <vector>

#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "common/result.h"

namespace cox::cmds {

/// What why, show, wait and logs mean: jobs of the caller, whole arrays, in order of their ids; and
/// what ps and attach mean.
enum class Labelled {
  unended,  // that have not ended
  known,    // also those that ended and are in the controller's memory
  running,  // of which something runs; of arrays the elements
};

/// --label, however often it was given: all must hold. "" without the option.
/// error: bad_usage for one that is no selector, or selects everything
Result<std::string> selector_asked(const Parsed& given);
/// error: bad_usage for a selector that is none, not_found when no job has such labels
Result<std::vector<JobName>> labelled_jobs(const Parsed& given, Session& session, Labelled which);
/// The only job or element that runs and has such labels. error: bad_usage names those there are
Result<JobName> one_labelled_job(const Parsed& given, Session& session);
/// Exactly one of names and --label. error: bad_usage
Result<void> check_names_or_label(const Parsed& given, bool has_names);

}  // namespace cox::cmds
