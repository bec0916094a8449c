// Texts of users on their way to a terminal: what would steer it, or is no character, becomes '?'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cox::cmds {

/// Visible ASCII and blanks, as nearly every text is.
bool is_plain(std::string_view text);
/// Bytes of the UTF-8 character at `at`; 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);
/// Appends one column for each character, and for each byte that is part of none. Returns the
/// width.
std::uint32_t append_clean(std::string_view text, std::string* out);
std::string clean_text(std::string_view text);
/// The same of a text of several lines, which it stays.
std::string clean_lines(std::string_view text);

}  // namespace cox::cmds
