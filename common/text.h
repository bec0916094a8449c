// Text helpers without locale: splitting, trimming, whole-string number parsing, hex.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cox {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
/// The whole of `text` as a decimal number; nothing on any other character or overflow.
std::optional<std::uint64_t> parse_u64(std::string_view text);
std::optional<std::int64_t> parse_i64(std::string_view text);
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view hex);
/// Printable form of untrusted text for messages: control characters and what is no UTF-8 as \xNN,
/// cut at `limit` bytes.
std::string quoted(std::string_view text, std::size_t limit = 80);

// Exact forms, which are chosen before std::quoted() of <iomanip>: an argument of std finds that
// too.
inline std::string quoted(const std::string& text) {
  return quoted(std::string_view(text));
}

inline std::string quoted(std::string& text) {
  return quoted(std::string_view(text));
}

inline std::string quoted(const char* text) {
  return quoted(std::string_view(text));
}

/// The entry of `known` nearest to `word` by edit distance, when near enough to suggest.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace cox
