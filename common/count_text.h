// Numbers of things, for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cox {

/// "1 job", "2 jobs".
inline std::string count_text(std::uint64_t count, std::string_view noun) {
  return std::to_string(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

/// Thousandths as a decimal number without zeros behind: "0.25", "-3".
inline std::string thousandths_text(std::int64_t thousandths) {
  const std::int64_t amount = thousandths < 0 ? -thousandths : thousandths;
  std::string rest = std::to_string(1000 + amount % 1000).substr(1);
  while (!rest.empty() && rest.back() == '0') rest.pop_back();
  return (thousandths < 0 ? "-" : "") + std::to_string(amount / 1000) +
         (rest.empty() ? "" : "." + rest);
}

}  // namespace cox
