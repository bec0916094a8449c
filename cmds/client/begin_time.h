// When a job may begin, as people write it, in local time.
#pragma once

#include <string_view>

#include "common/result.h"
#include "model/time.h"

namespace cox::cmds {

/// "now", "now+90", "now+2hours", "HH:MM[:SS]" (today, or tomorrow when past), "YYYY-MM-DD",
/// "YYYY-MM-DDTHH:MM[:SS]", "midnight", "noon", "today", "tomorrow". error: bad_usage
Result<Instant> parse_begin_time(std::string_view text, Instant now);

}  // namespace cox::cmds
