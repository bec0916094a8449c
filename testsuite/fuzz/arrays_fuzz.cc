// Array specifications of any text: bounded, and the canonical form says the same.
#include "model/array_spec.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto spec = parse_array(text);
  if (!spec) {
    fuzz::require_names(spec.error(), text);
    return 0;
  }
  require(spec->count() > 0 && spec->count() <= array_elements_max, "a count out of bounds");
  require(spec->ranges.size() <= array_ranges_max, "too many ranges");
  std::uint64_t next = 0;
  for (const ArrayRange& range : spec->ranges) {
    require(range.first >= next && range.last >= range.first, "ranges are out of order");
    require(range.step > 0 && (range.last - range.first) % range.step == 0, "last is no element");
    require(spec->contains(range.first) && spec->contains(range.last), "an end is not contained");
    next = std::uint64_t{range.last} + 1;
  }
  const auto again = parse_array(array_text(*spec));
  require(again && *again == *spec, "the canonical form says something else");
  return 0;
}
