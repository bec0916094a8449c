// Sums over the book.
#include "testsuite/kills/book.h"

#include <algorithm>

namespace cox::kills {

std::uint64_t Book::kill_count() const {
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : kills) sum += count;
  return sum;
}

std::uint64_t Book::acknowledged() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(wishes, [](const auto& wish) { return !wish.second.ids.empty(); }));
}

}  // namespace cox::kills
