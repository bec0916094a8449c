// Which elements a job array has: "0-31,40-90:10%8". Kept as ranges; no list of elements is made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox {

inline constexpr std::uint32_t array_index_max = 4'000'000;
inline constexpr std::uint32_t array_elements_max = 1'000'000;
/// Ranges apart from each other; more than this many are a program's list, not a range.
inline constexpr std::size_t array_ranges_max = 10'000;

/// first, first + step, ... last; `last` belongs to it. One element has step 1.
struct ArrayRange {
  std::uint32_t first = 0, last = 0, step = 1;

  std::uint32_t count() const { return (last - first) / step + 1; }

  friend auto operator<=>(const ArrayRange&, const ArrayRange&) = default;
};

struct ArraySpec {
  std::vector<ArrayRange> ranges;  // ascending; no range begins before the one before it has ended
  std::uint32_t at_once_max = 0;   // elements that may run at the same time; 0: no limit

  std::uint32_t count() const;
  bool contains(std::uint32_t index) const;
  friend bool operator==(const ArraySpec&, const ArraySpec&) = default;
};

/// INDEX, FIRST-LAST and FIRST-LAST:STEP joined by commas, then perhaps %LIMIT. An index named
/// twice counts once. error: bad_usage names the part at fault or the limit
Result<ArraySpec> parse_array(std::string_view text);
/// The same in canonical form: parse_array() gives the same value for it.
std::string array_text(const ArraySpec& spec);

}  // namespace cox
