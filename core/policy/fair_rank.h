// A user's place among all, by how far each is from a fair share.
#pragma once

#include <cstdint>

namespace cox::core {

/// Where an association stands: none above is due most. Equals share a place.
struct FairRank {
  std::uint32_t above = 0;  // associations that are due more
  std::uint32_t of = 1;     // all of them, at least one
  friend bool operator==(const FairRank&, const FairRank&) = default;
};

}  // namespace cox::core
