// How many descriptors this process has open, for tests that look for a leak.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace cox::platform {

/// With the one that reads the folder, in every count alike.
inline std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator open("/proc/self/fd");
  return std::distance(begin(open), end(open));
}

}  // namespace cox::platform
