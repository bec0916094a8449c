// Jobs that a command means by their labels, -l SELECTOR, instead of by their names.
#pragma once

#include <vector>

#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "common/result.h"

namespace cox::cmds {

/// What wait, why, show and logs mean: jobs of the caller, whole arrays, in order of their ids; and
/// what ps and attach mean.
enum class Labelled {
  unended,  // that have not ended
  known,    // also those that ended and are in the controller's memory
  running,  // of which something runs; of arrays the elements
};

/// error: bad_usage for a selector that is none, not_found when no job has such labels
Result<std::vector<JobName>> labelled_jobs(const Parsed& given, Session& session, Labelled which);
/// Exactly one of names and --label. error: bad_usage
Result<void> check_names_or_label(const Parsed& given, bool has_names);

}  // namespace cox::cmds
