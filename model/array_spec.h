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

  bool empty() const { return ranges.empty(); }

  std::uint32_t count() const;
  bool contains(std::uint32_t index) const;
  /// Elements lower than `index`.
  std::uint32_t count_before(std::uint32_t index) const;

  /// The lowest and the highest element. There must be one.
  std::uint32_t first() const { return ranges.front().first; }

  std::uint32_t last() const { return ranges.back().last; }

  /// Takes one element out: a cut through one range. No effect when it is not there.
  void remove(std::uint32_t index);

  template <class Visit>
  void for_each(Visit visit) const {
    for (const ArrayRange& range : ranges) {
      for (std::uint32_t i = range.first; i <= range.last; i += range.step) visit(i);
    }
  }

  friend bool operator==(const ArraySpec&, const ArraySpec&) = default;
};

/// INDEX, FIRST-LAST and FIRST-LAST:STEP joined by commas, then perhaps %LIMIT. An index named
/// twice counts once. error: bad_usage names the part at fault or the limit
Result<ArraySpec> parse_array(std::string_view text);
/// The same in canonical form: parse_array() gives the same value for it.
std::string array_text(const ArraySpec& spec);
/// "7_3" for one element, "7_[1-5,7]" for several, with the limit as in "7_[5-999%8]".
std::string elements_text(std::uint64_t array, const ArraySpec& elements);
/// What arrived from outside: in order, apart from each other, within the limits.
/// error: bad_usage names the range at fault or the limit
Result<void> check_array(const ArraySpec& spec);

/// Elements of both, and elements of `a` that `b` does not have; with the limit of `a`.
ArraySpec common_elements(const ArraySpec& a, const ArraySpec& b);
ArraySpec elements_without(const ArraySpec& a, const ArraySpec& b);
/// One element.
ArraySpec single_element(std::uint32_t index);

}  // namespace cox
