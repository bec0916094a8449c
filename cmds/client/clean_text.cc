// See clean_text.h.
#include "cmds/client/clean_text.h"

#include <algorithm>

#include "common/text.h"

namespace cox::cmds {

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  }
  if (length < 3) return length;
  const unsigned second = byte(at + 1);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_surrogate = first == 0xED && second >= 0xA0;
  const bool is_beyond = first == 0xF4 && second >= 0x90;
  return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

std::uint32_t append_clean(std::string_view text, std::string* out) {
  std::uint32_t width = 0;
  for (std::size_t at = 0; at < text.size(); ++width) {
    const std::size_t length = std::max<std::size_t>(utf8_length(text, at), 1);
    const std::string_view character = text.substr(at, length);
    // What messages would not show as it is, tables do not either.
    const bool is_shown = length == 1 ? is_plain(character) : quoted(character, 4) == character;
    *out += is_shown ? character : "?";
    at += length;
  }
  return width;
}

std::string clean_text(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string clean;
  append_clean(text, &clean);
  return clean;
}

std::string clean_lines(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (const std::string_view line : split(text, '\n')) {
    if (line.data() != text.data()) clean += '\n';
    is_plain(line) ? void(clean += line) : void(append_clean(line, &clean));
  }
  return clean;
}

}  // namespace cox::cmds
