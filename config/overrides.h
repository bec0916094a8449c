// Values that a command line puts over those of the file: "scheduling.backfill=easy".
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "config/reader.h"

namespace cox::config {

/// Puts each KEY=VALUE of `set` into `top`. A value is written as in the file; one word may do
/// without quotes. error: bad_usage names the entry
Result<void> put_over(const std::vector<std::string>& set, toml::table* top);

}  // namespace cox::config
