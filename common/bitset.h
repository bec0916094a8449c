// A set of small numbers (cores of a node, nodes of a fleet) in 64-bit words.
// Bits beyond size() are always zero, so that counting and comparing need no mask.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox {

class Bitset {
 public:
  Bitset() = default;
  explicit Bitset(std::size_t size, bool value = false);

  std::size_t size() const { return size_; }

  bool test(std::size_t i) const { return i < size_ && ((words_[i / 64] >> (i % 64)) & 1U) != 0; }

  void set(std::size_t i);
  void reset(std::size_t i);
  void set_all();
  void reset_all();
  /// Grows or shrinks; new bits are zero.
  void resize(std::size_t size);

  std::size_t count() const;
  bool any() const;

  bool none() const { return !any(); }

  /// Lowest member >= from, or size() when there is none.
  std::size_t next(std::size_t from) const;
  /// Members of this set that are also in `other`, without making a set.
  std::size_t count_and(const Bitset& other) const;
  bool contains(const Bitset& other) const;
  bool intersects(const Bitset& other) const;
  /// The lowest `n` members (all when there are fewer).
  Bitset lowest(std::size_t n) const;

  Bitset& operator|=(const Bitset& other);
  Bitset& operator&=(const Bitset& other);
  Bitset& operator-=(const Bitset& other);

  friend Bitset operator|(Bitset a, const Bitset& b) { return a |= b; }

  friend Bitset operator&(Bitset a, const Bitset& b) { return a &= b; }

  friend Bitset operator-(Bitset a, const Bitset& b) { return a -= b; }

  friend bool operator==(const Bitset&, const Bitset&) = default;

  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t word = words_[w]; word != 0; word &= word - 1) {
        visit(w * 64 + static_cast<std::size_t>(std::countr_zero(word)));
      }
    }
  }

  const std::vector<std::uint64_t>& words() const { return words_; }

  /// "0-3,8"; "" for the empty set.
  std::string to_ranges() const;
  /// Reads what to_ranges() writes. error: bad_usage, also when a number is >= size.
  static Result<Bitset> from_ranges(std::string_view text, std::size_t size);
  static Bitset from_words(std::vector<std::uint64_t> words, std::size_t size);

 private:
  std::size_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

}  // namespace cox
