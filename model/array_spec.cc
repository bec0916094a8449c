// Ranges are put in order; only where they reach into each other are their elements looked at, one
// bit each, and written as ranges again.
#include "model/array_spec.h"

#include <algorithm>
#include <optional>

#include "common/bitset.h"
#include "common/text.h"

namespace cox {
namespace {

Failure bad_array(std::string_view text, const std::string& why) {
  return fail(Code::bad_usage, "array \"" + quoted(text) + "\": " + why);
}

std::optional<std::uint32_t> parse_index(std::string_view text) {
  const auto number = parse_u64(text);
  if (!number || *number > array_index_max) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

Failure no_range(std::string_view part) {
  return bad_array(part, "is no INDEX, FIRST-LAST or FIRST-LAST:STEP with numbers up to " +
                             std::to_string(array_index_max));
}

/// `last` becomes the last element, and one element has step 1.
ArrayRange normal(std::uint32_t first, std::uint32_t last, std::uint32_t step) {
  last = first + (last - first) / step * step;
  return {first, last, first == last ? 1 : step};
}

Result<ArrayRange> parse_range(std::string_view part) {
  const std::size_t dash = part.find('-');
  const auto first = parse_index(part.substr(0, dash));
  if (!first) return no_range(part);
  if (dash == std::string_view::npos) return ArrayRange{*first, *first, 1};
  const std::string_view rest = part.substr(dash + 1);
  const std::size_t colon = rest.find(':');
  const auto last = parse_index(rest.substr(0, colon));
  const auto step = colon == std::string_view::npos ? std::optional<std::uint32_t>(1)
                                                    : parse_index(rest.substr(colon + 1));
  if (!last || !step) return no_range(part);
  if (*last < *first) return bad_array(part, "ends before it begins");
  if (*step == 0) return bad_array(part, "has a step of 0");
  return normal(*first, *last, *step);
}

bool reach_into_each_other(const std::vector<ArrayRange>& sorted) {
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].first <= sorted[i - 1].last) return true;
  }
  return false;
}

/// The elements, each once, ascending. Callers bound their number.
std::vector<std::uint32_t> elements_of(const std::vector<ArrayRange>& sorted) {
  const std::uint32_t base = sorted.front().first;
  std::uint32_t end = base;
  for (const ArrayRange& range : sorted) end = std::max(end, range.last + 1);
  Bitset named(end - base);
  for (const ArrayRange& range : sorted) {
    for (std::uint32_t i = range.first; i <= range.last; i += range.step) named.set(i - base);
  }
  std::vector<std::uint32_t> elements;
  named.for_each([&](std::size_t i) { elements.push_back(base + static_cast<std::uint32_t>(i)); });
  return elements;
}

/// Runs of neighbours, and strides of three or more.
std::vector<ArrayRange> folded(const std::vector<std::uint32_t>& elements) {
  std::vector<ArrayRange> ranges;
  for (std::size_t i = 0; i < elements.size();) {
    const std::uint32_t step = i + 1 < elements.size() ? elements[i + 1] - elements[i] : 1;
    std::size_t end = i + 1;
    while (end < elements.size() && elements[end] - elements[end - 1] == step) ++end;
    if (step != 1 && end - i < 3) end = i + 1;
    ranges.push_back(normal(elements[i], elements[end - 1], step));
    i = end;
  }
  return ranges;
}

/// "1-3,4,5" becomes "1-5".
void join_neighbours(std::vector<ArrayRange>* ranges) {
  std::vector<ArrayRange> joined;
  for (const ArrayRange& range : *ranges) {
    const bool continues = !joined.empty() && joined.back().step == 1 && range.step == 1 &&
                           joined.back().last + 1 == range.first;
    if (continues) {
      joined.back().last = range.last;
    } else {
      joined.push_back(range);
    }
  }
  *ranges = std::move(joined);
}

Result<std::vector<ArrayRange>> parse_ranges(std::string_view text) {
  std::vector<ArrayRange> ranges;
  std::uint64_t named = 0;
  for (const std::string_view part : split(text, ',')) {
    const auto range = parse_range(part);
    if (!range) return Failure(range.error());
    ranges.push_back(*range);
    named += range->count();
    if (named > array_elements_max) {
      return bad_array(text, "names more than " + std::to_string(array_elements_max) + " elements");
    }
  }
  std::sort(ranges.begin(), ranges.end());
  if (reach_into_each_other(ranges)) ranges = folded(elements_of(ranges));
  join_neighbours(&ranges);
  if (ranges.size() > array_ranges_max) {
    return bad_array(text, "has more than " + std::to_string(array_ranges_max) + " ranges");
  }
  return ranges;
}

}  // namespace

std::uint32_t ArraySpec::count() const {
  std::uint32_t sum = 0;
  for (const ArrayRange& range : ranges) sum += range.count();
  return sum;
}

bool ArraySpec::contains(std::uint32_t index) const {
  const auto after = std::partition_point(ranges.begin(), ranges.end(),
                                          [&](const ArrayRange& r) { return r.last < index; });
  return after != ranges.end() && after->first <= index &&
         (index - after->first) % after->step == 0;
}

std::uint32_t ArraySpec::count_before(std::uint32_t index) const {
  std::uint32_t sum = 0;
  for (const ArrayRange& range : ranges) {
    if (range.first >= index) break;
    sum += range.last < index ? range.count() : (index - 1 - range.first) / range.step + 1;
  }
  return sum;
}

ArraySpec single_element(std::uint32_t index) {
  return ArraySpec{{{index, index, 1}}, 0};
}

void ArraySpec::remove(std::uint32_t index) {
  const auto at = std::partition_point(ranges.begin(), ranges.end(),
                                       [&](const ArrayRange& r) { return r.last < index; });
  if (at == ranges.end() || at->first > index || (index - at->first) % at->step != 0) return;
  const ArrayRange whole = *at;
  if (whole.first == whole.last) {
    ranges.erase(at);
  } else if (index == whole.first) {
    *at = normal(index + whole.step, whole.last, whole.step);
  } else {
    *at = normal(whole.first, index - whole.step, whole.step);
    if (index != whole.last) {
      ranges.insert(std::next(at), normal(index + whole.step, whole.last, whole.step));
    }
  }
}

Result<ArraySpec> parse_array(std::string_view text) {
  ArraySpec spec;
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos) {
    const auto limit = parse_index(text.substr(percent + 1));
    if (!limit) {
      return bad_array(text, "% is followed by no number up to " + std::to_string(array_index_max));
    }
    spec.at_once_max = *limit;
  }
  auto ranges = parse_ranges(text.substr(0, percent));
  if (!ranges) return Failure(ranges.error());
  spec.ranges = std::move(*ranges);
  return spec;
}

std::string array_text(const ArraySpec& spec) {
  std::string text;
  for (const ArrayRange& range : spec.ranges) {
    if (!text.empty()) text += ',';
    text += std::to_string(range.first);
    if (range.last != range.first) text += '-' + std::to_string(range.last);
    if (range.step != 1) text += ':' + std::to_string(range.step);
  }
  if (spec.at_once_max != 0) text += '%' + std::to_string(spec.at_once_max);
  return text;
}

std::string elements_text(std::uint64_t array, const ArraySpec& elements) {
  const std::string text = array_text(elements);
  const bool is_one = elements.at_once_max == 0 && elements.count() == 1;
  return std::to_string(array) + (is_one ? "_" + text : "_[" + text + "]");
}

}  // namespace cox
