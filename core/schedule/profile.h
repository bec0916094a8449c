// A count of what is free over time, for plans of a million jobs. Two levels: blocks of instants,
// and for all blocks least, most and what to add, in arrays that are scanned at memory speed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/schedule/timeline.h"

namespace cox::core {

/// Free amounts, piecewise constant; the last value holds for ever.
class Profile {
 public:
  /// `free` from `start` on.
  Profile(Second start, std::int64_t free);

  /// Adds `amount` (or takes it, when negative) from `from` to `to`; second_never: for ever.
  void add(Second from, Second to, std::int64_t amount);

  /// The first second >= `from` from which on `need` is free for all of `length` seconds
  /// (second_never: for ever); nothing when that never is.
  std::optional<Second> earliest(Second from, std::int64_t need, Second length) const;

  /// `need` is free from `from` to `to`.
  bool lasts(Second from, std::int64_t need, Second to) const {
    const Second below = first_below(from, need);
    return below == second_never || below >= to;
  }

  std::int64_t free_at(Second at) const;
  /// The first instant >= `from` at which anything is taken or given back; second_never: none.
  Second next_change(Second from) const;
  /// Instants at which the amount may change.
  std::size_t size() const;

 private:
  static constexpr std::size_t block_max = 128;

  struct Block {
    std::array<Second, block_max> at{};
    std::array<std::int64_t, block_max> free{};  // without what its block adds
    std::size_t count = 0;
  };

  std::size_t block_of(Second at) const;
  /// Makes an instant there unless there is one.
  void cut(Second at);
  void split(std::size_t block);
  void measure(std::size_t block);
  void add_within(std::size_t block, std::size_t from, std::size_t to, std::int64_t amount);
  /// The first instant >= `from` where the amount is below `need`, or second_never.
  Second first_below(Second from, std::int64_t need) const;
  /// The first second >= `from` where it is not.
  Second first_enough(Second from, std::int64_t need) const;

  // By block.
  std::vector<Second> first_;
  std::vector<std::int64_t> least_, most_, added_;  // least and most with what is added
  std::vector<Block> blocks_;
};

/// What a plan has found: no later job that asks for more, or for longer, starts earlier. Valid
/// while the profile only falls.
class Cursor {
 public:
  /// `most`: more than that is never free.
  explicit Cursor(std::int64_t most);
  /// No start of (need, length) is earlier.
  Second bound(std::int64_t need, Second length) const;
  void found(std::int64_t need, Second length, Second start);

 private:
  static constexpr std::size_t side = 128;
  /// Classes of amounts, four to each doubling: the last that does not exceed it, the first that
  /// does not fall short.
  static std::size_t class_below(std::int64_t amount);
  static std::size_t class_above(std::int64_t amount);

  std::size_t rows_;            // the last of all that is never free
  std::vector<Second> bounds_;  // prefix maxima in two dimensions (a Fenwick tree)
};

}  // namespace cox::core
