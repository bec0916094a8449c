// Signals as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::cmds {

/// "10", "USR1", "SIGUSR1", "usr1". error: bad_usage names the text
Result<std::int32_t> parse_signal(std::string_view text);
/// "USR1"; the number where it has no name.
std::string signal_text(std::int32_t signal);

}  // namespace cox::cmds
