// What travels with a submit besides the options: environment, limits, umask, directory, host and
// the key that makes a resend harmless.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cmds/client/request_options.h"
#include "common/result.h"
#include "model/ids.h"
#include "wire/client.pb.h"

namespace cox::cmds {

/// The variables that `--export TEXT` selects from `environment` (NAME=VALUE each).
/// error: bad_usage for a malformed name
Result<std::vector<std::string>> exported_environment(std::string_view text,
                                                      const std::vector<std::string>& environment);
/// What a job gets of our own environment. error: bad_usage also where it is too large
Result<std::vector<std::string>> submitted_environment(std::string_view exported);
/// `a,b=1,"c=x,y"`: parts at commas outside quotes, quotes removed.
std::vector<std::string> split_export_list(std::string_view text);

/// 128 random bits from the system.
ClientKey make_client_key();
/// The same for the same words of this user, each time.
ClientKey client_key_of(std::string_view words);
/// The wall clock.
Instant wall_now();

/// The name of a job that got none: its script's or command's, as long as a file's may be, what
/// cannot be printed as \xNN.
std::string default_job_name(const std::string& path);
/// Adds what this process has to the request: directory, umask, limits, host.
/// error: not_found when the working directory is gone
Result<void> collect_surroundings(JobRequest* request);
/// The message for the controller. error: bad_usage when something is too large to send
Result<wire::Submit> make_submit(const RequestDraft& draft, const std::string& script);

}  // namespace cox::cmds
