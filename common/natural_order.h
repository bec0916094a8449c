// The order of names as people count: n9 before n10.
#pragma once

#include <string_view>

namespace cox {

/// Runs of digits are compared as numbers, all else byte by byte.
struct NaturalOrder {
  using is_transparent = void;

  bool operator()(std::string_view a, std::string_view b) const;
};

}  // namespace cox
