// Memory amounts, checked before they are shifted.
#include "model/memory_text.h"

#include "common/text.h"

namespace cox {

Result<std::int64_t> parse_memory_mib(std::string_view text) {
  const auto bad = [&] {
    return fail(Code::bad_usage,
                "memory \"" + quoted(text) + "\" is no NUMBER with an optional K, M, G or T");
  };
  std::string_view number = text;
  const auto ends_with = [&](char upper) {
    return !number.empty() && (number.back() == upper || number.back() == upper - 'A' + 'a');
  };
  bool has_b = false;
  if (ends_with('B')) {
    number.remove_suffix(1);
    has_b = true;
  }
  constexpr std::string_view units = "KMGT";
  int unit = 1;
  bool has_unit = false;
  for (std::size_t i = 0; i < units.size() && !has_unit; ++i) {
    if (ends_with(units[i])) {
      number.remove_suffix(1);
      unit = static_cast<int>(i);
      has_unit = true;
    }
  }
  const auto value = parse_u64(number);
  if (!value || (has_b && !has_unit) || *value > (std::uint64_t{1} << 40)) {
    return bad();
  }
  const auto amount = static_cast<std::int64_t>(*value);
  if (unit == 0) {
    return (amount + 1023) / 1024;
  }
  const std::int64_t mib = amount << (10 * (unit - 1));
  return mib > (std::int64_t{1} << 44) ? bad() : Result<std::int64_t>(mib);
}

std::string memory_text(std::int64_t mib) {
  constexpr std::int64_t gib = 1024;
  if (mib >= gib * 1024 && mib % (gib * 1024) == 0) {
    return std::to_string(mib / (gib * 1024)) + "T";
  }
  if (mib >= gib && mib % gib == 0) {
    return std::to_string(mib / gib) + "G";
  }
  return std::to_string(mib) + "M";
}

}  // namespace cox
