// cox queue --steps: the steps of jobs, one line each.
#pragma once

#include <string>

#include "cmds/client/parse.h"
#include "cmds/queue/filters.h"
#include "common/result.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// Of the jobs that `filter` keeps: steps that wait or run. As text, or with --json as a document.
Result<std::string> steps_text(const Parsed& given,
                               const JobFilter& filter,
                               const wire::JobList& list);

}  // namespace cox::cmds
