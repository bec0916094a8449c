// Times of sacct's -S and -E.
#pragma once

#include <string_view>

#include "common/result.h"
#include "model/time.h"

namespace cox::cmds::slurm {

/// What `cox history` takes, "midnight", "now-90" (seconds), "now-1day", "MMDDYY", "MM/DD/YY" and
/// "MM/DD". error: bad_usage "Invalid time specification ..."
Result<Instant> parse_sacct_time(std::string_view text, Instant now);

}  // namespace cox::cmds::slurm
