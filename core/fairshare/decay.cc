// See decay.h. The exponent is taken apart into bits; each has its factor 2^-(2^-k), found by
// repeated integer square roots of one half.
#include "core/fairshare/decay.h"

#include <array>
#include <cstddef>

#include "common/assert.h"

namespace cox::core {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr unsigned fraction_bits = 32;

/// The largest root with root^2 <= square.
constexpr std::uint64_t square_root(Wide square) {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t next = root | (std::uint64_t{1} << static_cast<unsigned>(bit));
    if (Wide{next} * next <= square) root = next;
  }
  return root;
}

/// In 1/2^63: the k-th, from 0 on, is 2^-(2^-(k+1)).
constexpr std::array<std::uint64_t, fraction_bits> make_factors() {
  std::array<std::uint64_t, fraction_bits> factors{};
  std::uint64_t factor = std::uint64_t{1} << 62U;  // one half
  for (std::uint64_t& one : factors) one = factor = square_root(Wide{factor} << 63U);
  return factors;
}

constexpr std::array<std::uint64_t, fraction_bits> factors = make_factors();

}  // namespace

std::uint64_t decayed(std::uint64_t amount, Duration elapsed, Duration half_life) {
  ASSERT(elapsed.us >= 0 && half_life.us > 0);
  const Wide exponent =
      (static_cast<Wide>(elapsed.us) << fraction_bits) / static_cast<Wide>(half_life.us);
  const Wide halvings = exponent >> fraction_bits;
  if (halvings >= 64) return 0;
  std::uint64_t left = amount >> static_cast<unsigned>(halvings);
  for (std::size_t k = 0; k < factors.size(); ++k) {
    const bool is_set = ((exponent >> (fraction_bits - 1 - k)) & 1U) != 0;
    if (is_set) left = static_cast<std::uint64_t>((Wide{left} * factors[k]) >> 63U);
  }
  return left;
}

}  // namespace cox::core
