// The account that a job is charged to, and its quality of service: checked at submit.
#pragma once

#include <string>

#include "common/result.h"
#include "model/job_request.h"
#include "model/settings.h"

namespace cox::core {

/// Fills in the account of a user who names none: the first that lists the user, else the first
/// that lists nobody, else none. Without configured accounts any name will
/// do, and likewise without a configured qos.
/// error: bad_usage for an account or qos that is not configured, not_permitted for an account that
/// lists others
Result<void> settle_membership(const Settings& settings, JobRequest& request);

/// What a job loses that was submitted under `before`: its account, or its qos, and what comes of
/// that; nothing where it keeps both.
std::string orphaned_text(const Settings& before, const Settings& after, const JobCommon& common);

}  // namespace cox::core
