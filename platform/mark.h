// A mark on disk that exactly one of several processes sets, whoever comes first.
#pragma once

#include <string>

#include "common/result.h"

namespace cox::platform {

/// Sets the mark at `path`, with a word that says by whom: both at once, and for all to see.
/// false: somebody was first. error: the mark can neither be set nor was it
Result<bool> set_mark(const std::string& path, const std::string& word);
/// The word of a mark. error: not_found where none was set
Result<std::string> read_mark(const std::string& path);

}  // namespace cox::platform
