// Programs of the system that answer a question: what a command must not ask libc, since it is
// linked statically and cannot load libc's plug-ins (docs/adr/0006-static-command.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::platform {

struct HelperAnswer {
  int status = 0;      // exit code, or 128 + signal
  std::string output;  // standard output and error, without spaces around
};

/// Runs argv[0], looked up in our PATH, to its end with `input`, of at most 4 KiB, as its standard
/// input. error: not_found when it is not installed
Result<HelperAnswer> ask_program(const std::vector<std::string>& argv, std::string_view input = {});

/// The name of a user given by name or number. error: not_found
Result<std::string> find_user_name(const std::string& name_or_number);
/// The same for a group.
Result<std::string> find_group_name(const std::string& name_or_number);
/// Addresses of a host as text, the best first, each once. error: unreachable names the host
Result<std::vector<std::string>> find_host_addresses(const std::string& host);

}  // namespace cox::platform
