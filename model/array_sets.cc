// Sets of array elements: checking what arrived, what two have in common, what one has more. Plain
// ranges are cut as intervals; only strides are looked at element by element.
#include <algorithm>
#include <string>

#include "model/array_spec.h"

namespace cox {
namespace {

/// Adds an element that is higher than all so far; a run of neighbours becomes one range.
void append(std::uint32_t index, std::vector<ArrayRange>* to) {
  if (!to->empty()) {
    ArrayRange& tail = to->back();
    const bool is_single = tail.first == tail.last;
    if (is_single || index - tail.last == tail.step) {
      if (is_single) tail.step = index - tail.first;
      tail.last = index;
      return;
    }
    // Two elements are no stride: the second may begin a run.
    if (tail.step != 1 && tail.first + tail.step == tail.last) {
      const std::uint32_t second = tail.last;
      tail = {tail.first, tail.first, 1};
      to->push_back({second, index, index - second});
      return;
    }
  }
  to->push_back({index, index, 1});
}

/// A stride of two elements at the end says less than the two do.
void finish(std::vector<ArrayRange>* to) {
  if (to->empty()) return;
  const ArrayRange tail = to->back();
  if (tail.step == 1 || tail.first + tail.step != tail.last) return;
  to->back() = {tail.first, tail.first, 1};
  to->push_back({tail.last, tail.last, 1});
}

void append(const ArrayRange& range, std::vector<ArrayRange>* to) {
  if (range.step == 1 && range.first != range.last) {
    finish(to);
    to->push_back(range);
    return;
  }
  for (std::uint32_t i = range.first; i <= range.last; i += range.step) append(i, to);
}

/// What `a` and `b` have in common, in order.
void append_common(const ArrayRange& a, const ArrayRange& b, std::vector<ArrayRange>* to) {
  const std::uint32_t first = std::max(a.first, b.first), last = std::min(a.last, b.last);
  if (first > last) return;
  if (a.step == 1 && b.step == 1) return append(ArrayRange{first, last, 1}, to);
  const ArrayRange& fewer = a.step >= b.step ? a : b;
  const ArrayRange& other = a.step >= b.step ? b : a;
  const std::uint32_t skipped = (first - fewer.first + fewer.step - 1) / fewer.step;
  for (std::uint32_t i = fewer.first + skipped * fewer.step; i <= last; i += fewer.step) {
    if ((i - other.first) % other.step == 0) append(i, to);
  }
}

/// `range` without `holes`, which all lie inside it, ascending.
void append_rest(const ArrayRange& range,
                 const std::vector<ArrayRange>& holes,
                 std::vector<ArrayRange>* to) {
  std::uint32_t next = range.first;
  const auto append_up_to = [&](std::uint32_t end) {
    if (next < end)
      append(ArrayRange{next, end - 1 - (end - 1 - next) % range.step, range.step}, to);
  };
  for (const ArrayRange& hole : holes) {
    for (std::uint32_t i = hole.first; i <= hole.last; i += hole.step) {
      append_up_to(i);
      next = (hole.step == 1 && range.step == 1 ? hole.last : i) + range.step;
      if (hole.step == 1 && range.step == 1) break;
    }
  }
  append_up_to(range.last + 1);
}

/// What one range has in common with the ranges of `b` from `at` on, which moves to the first that
/// later ranges may reach.
std::vector<ArrayRange> in_common(const ArrayRange& range, const ArraySpec& b, std::size_t* at) {
  while (*at < b.ranges.size() && b.ranges[*at].last < range.first) ++*at;
  std::vector<ArrayRange> found;
  for (std::size_t i = *at; i < b.ranges.size() && b.ranges[i].first <= range.last; ++i) {
    append_common(range, b.ranges[i], &found);
  }
  finish(&found);
  return found;
}

}  // namespace

Result<void> check_array(const ArraySpec& spec) {
  const auto bad = [](const std::string& why) {
    return fail(Code::bad_usage, "array elements " + why);
  };
  if (spec.ranges.size() > array_ranges_max) {
    return bad("in more than " + std::to_string(array_ranges_max) + " ranges");
  }
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < spec.ranges.size(); ++i) {
    const ArrayRange& r = spec.ranges[i];
    const std::string text =
        std::to_string(r.first) + "-" + std::to_string(r.last) + ":" + std::to_string(r.step);
    const bool is_range = r.first <= r.last && r.last <= array_index_max && r.step != 0 &&
                          r.step <= array_index_max && (r.last - r.first) % r.step == 0;
    if (!is_range) return bad(text + ": not a range up to " + std::to_string(array_index_max));
    if (i > 0 && r.first <= spec.ranges[i - 1].last) return bad(text + ": out of order");
    count += r.count();
  }
  if (count > array_elements_max) {
    return bad("are more than " + std::to_string(array_elements_max));
  }
  if (spec.at_once_max > array_index_max) {
    return bad("limit %" + std::to_string(spec.at_once_max) + ": at most " +
               std::to_string(array_index_max));
  }
  return {};
}

ArraySpec common_elements(const ArraySpec& a, const ArraySpec& b) {
  ArraySpec both{{}, a.at_once_max};
  std::size_t at = 0;
  for (const ArrayRange& range : a.ranges) {
    for (const ArrayRange& found : in_common(range, b, &at)) append(found, &both.ranges);
  }
  finish(&both.ranges);
  return both;
}

ArraySpec elements_without(const ArraySpec& a, const ArraySpec& b) {
  ArraySpec rest{{}, a.at_once_max};
  std::size_t at = 0;
  for (const ArrayRange& range : a.ranges) {
    append_rest(range, in_common(range, b, &at), &rest.ranges);
  }
  finish(&rest.ranges);
  return rest;
}

}  // namespace cox
