// What a job asks for when something of it is changed.
#pragma once

#include "common/result.h"
#include "core/request.h"
#include "model/job_request.h"

namespace cox::core {

/// GPUs that are asked for over all nodes are as many on each of them. error: bad_usage
Result<void> check_division(const JobRequest& from, const JobChanges& changes);
/// `from` with the changes, else unchecked.
JobRequest changed(const JobRequest& from, const JobChanges& changes);
/// Something of it is for a job that waits alone.
bool is_for_waiting_only(const JobChanges& changes);
/// Something of it is about files of a script, which other jobs do not have.
bool is_for_scripts_only(const JobChanges& changes);
/// Something of it is of a whole array, and no single element's; a word for it, or null.
const char* key_of_whole_array(const JobChanges& changes);

}  // namespace cox::core
