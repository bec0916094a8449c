// Limits of this process.
#pragma once

#include <cstddef>

namespace cox::platform {

/// Raises the number of descriptors to what the system allows us, at most 1,048,576; gives what it
/// is now. Children that must not inherit it set their own.
std::size_t raise_descriptor_limit();

}  // namespace cox::platform
