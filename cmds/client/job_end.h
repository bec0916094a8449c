// How a job's end becomes an exit status and a sentence.
#pragma once

#include <string>

#include "wire/client.pb.h"

namespace cox::cmds {

/// Of run, wait: their own failures, as with env and timeout.
inline constexpr int own_failure_status = 125;
inline constexpr int cannot_execute_status = 126;
inline constexpr int command_not_found_status = 127;

/// The job's exit code, 128 + its signal; never 0 unless it COMPLETED.
int job_status(const wire::JobView& job);
/// "job 7: FAILED, exit 3: open /x: no such file or directory"
std::string job_end_text(const wire::JobView& job);

}  // namespace cox::cmds
