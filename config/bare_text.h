// What TOML writes outside quotes and comments is ASCII. Looked at before the parser is, whose
// version 3.2 runs into undefined behaviour on other letters there.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cox::config {

/// Where the first byte beyond ASCII stands outside quotes and comments.
std::optional<std::size_t> find_bare_letter(std::string_view text);

}  // namespace cox::config
