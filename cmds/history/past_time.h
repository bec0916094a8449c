// Times that have passed, as people write them, in local time.
#pragma once

#include <string_view>

#include "common/result.h"
#include "model/time.h"

namespace cox::cmds {

/// "YYYY-MM-DD", "YYYY-MM-DDTHH:MM[:SS]", "HH:MM[:SS]" of today, "now", "today" and "yesterday"
/// (their midnights), "90s", "30m", "12h", "7d" before `now`. error: bad_usage
Result<Instant> parse_past_time(std::string_view text, Instant now);

}  // namespace cox::cmds
