// On how few switches a job wants its nodes, and how long it waits for that: --switches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "model/time.h"

namespace cox {

inline constexpr std::uint32_t leaves_max = 1'000'000;

struct LeafLimit {
  std::uint32_t count = 0;             // switches next to its nodes, at most; 0: any number
  Duration wait = duration_unlimited;  // from when the job may begin
  bool is_over = false;                // it has waited for so long: any number will do

  bool counts() const { return count != 0 && wait.us > 0 && !is_over; }

  /// There is a moment from which it does not count any more.
  bool ends() const { return counts() && wait < duration_unlimited; }

  friend auto operator<=>(const LeafLimit&, const LeafLimit&) = default;
};

/// N or N@TIME, where 0 means any number, or no wait.
/// error: bad_usage names the text
Result<LeafLimit> parse_leaf_limit(std::string_view text);

/// "2", "2@5:00"; "" for any number.
std::string leaf_limit_text(const LeafLimit& limit);

}  // namespace cox
