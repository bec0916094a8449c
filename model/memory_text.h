// Amounts of memory as people write them: "512", "16G", "4gb", "0".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox {

/// unit: MiB; K M G T (1024), either case, optional B; K rounds up. error: bad_usage
Result<std::int64_t> parse_memory_mib(std::string_view text);
std::string memory_text(std::int64_t mib);

}  // namespace cox
