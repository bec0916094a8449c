// See profile.h. Invariant: instants ascend strictly; least_ and most_ are those of the block's
// amounts plus added_.
#include "core/schedule/profile.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace cox::core {

Profile::Profile(Second start, std::int64_t free)
    : first_{start}, least_{free}, most_{free}, added_{0}, blocks_(1) {
  blocks_[0].at[0] = start;
  blocks_[0].free[0] = free;
  blocks_[0].count = 1;
}

std::size_t Profile::block_of(Second at) const {
  const auto after = std::upper_bound(first_.begin(), first_.end(), at);
  return after == first_.begin() ? 0 : static_cast<std::size_t>(after - first_.begin()) - 1;
}

void Profile::measure(std::size_t b) {
  const Block& block = blocks_[b];
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::int64_t most = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < block.count; ++i) {
    least = std::min(least, block.free[i]);
    most = std::max(most, block.free[i]);
  }
  least_[b] = least + added_[b];
  most_[b] = most + added_[b];
}

void Profile::split(std::size_t b) {
  const auto place = static_cast<std::ptrdiff_t>(b) + 1;
  blocks_.insert(blocks_.begin() + place, Block{});
  Block& full = blocks_[b];
  Block& half = blocks_[b + 1];
  const std::size_t kept = full.count / 2;
  half.count = full.count - kept;
  std::copy_n(full.at.begin() + kept, half.count, half.at.begin());
  std::copy_n(full.free.begin() + kept, half.count, half.free.begin());
  full.count = kept;
  first_.insert(first_.begin() + place, half.at[0]);
  added_.insert(added_.begin() + place, added_[b]);
  least_.insert(least_.begin() + place, 0);
  most_.insert(most_.begin() + place, 0);
  measure(b);
  measure(b + 1);
}

void Profile::cut(Second at) {
  std::size_t b = block_of(at);
  if (blocks_[b].count == block_max) {
    split(b);
    b = block_of(at);
  }
  Block& block = blocks_[b];
  const auto begin = block.at.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(block.count);
  const auto place = std::lower_bound(begin, end, at);
  if (place != end && *place == at) return;
  const auto i = static_cast<std::size_t>(place - begin);
  std::copy_backward(place, end, end + 1);
  std::copy_backward(block.free.begin() + static_cast<std::ptrdiff_t>(i),
                     block.free.begin() + static_cast<std::ptrdiff_t>(block.count),
                     block.free.begin() + static_cast<std::ptrdiff_t>(block.count) + 1);
  block.at[i] = at;
  if (i > 0) block.free[i] = block.free[i - 1];  // before the first instant it is as at the first
  ++block.count;
  first_[b] = block.at[0];
}

void Profile::add_within(std::size_t b, std::size_t from, std::size_t to, std::int64_t amount) {
  for (std::size_t i = from; i < to; ++i) blocks_[b].free[i] += amount;
  measure(b);
}

void Profile::add(Second from, Second to, std::int64_t amount) {
  if (from >= to) return;
  cut(from);
  if (to != second_never) cut(to);
  const auto index = [this](std::size_t b, Second at) {
    const Block& block = blocks_[b];
    return static_cast<std::size_t>(
        std::lower_bound(block.at.begin(),
                         block.at.begin() + static_cast<std::ptrdiff_t>(block.count), at) -
        block.at.begin());
  };
  const std::size_t begin = block_of(from);
  const std::size_t end = to == second_never ? blocks_.size() : block_of(to);
  if (begin == end) {
    add_within(begin, index(begin, from), index(begin, to), amount);
    return;
  }
  add_within(begin, index(begin, from), blocks_[begin].count, amount);
  for (std::size_t b = begin + 1; b < end; ++b) {
    least_[b] += amount;
    most_[b] += amount;
    added_[b] += amount;
  }
  if (end < blocks_.size()) add_within(end, 0, index(end, to), amount);
}

std::int64_t Profile::free_at(Second at) const {
  const std::size_t b = block_of(at);
  const Block& block = blocks_[b];
  const auto after = std::upper_bound(
      block.at.begin(), block.at.begin() + static_cast<std::ptrdiff_t>(block.count), at);
  const auto i = after == block.at.begin() ? 0 : after - block.at.begin() - 1;
  return block.free[static_cast<std::size_t>(i)] + added_[b];
}

Second Profile::next_change(Second from) const {
  const std::size_t b = block_of(from);
  const Block& block = blocks_[b];
  const auto end = block.at.begin() + static_cast<std::ptrdiff_t>(block.count);
  const auto found = std::lower_bound(block.at.begin(), end, from);
  if (found != end) return *found;
  return b + 1 < blocks_.size() ? first_[b + 1] : second_never;
}

std::size_t Profile::size() const {
  std::size_t count = 0;
  for (const Block& block : blocks_) count += block.count;
  return count;
}

Second Profile::first_below(Second from, std::int64_t need) const {
  const std::size_t begin = block_of(from);
  for (std::size_t b = begin; b < blocks_.size(); ++b) {
    if (least_[b] >= need) continue;
    const Block& block = blocks_[b];
    for (std::size_t i = 0; i < block.count; ++i) {
      if (b == begin && i + 1 < block.count && block.at[i + 1] <= from) continue;
      if (block.free[i] + added_[b] < need) return std::max(from, block.at[i]);
    }
  }
  return second_never;
}

Second Profile::first_enough(Second from, std::int64_t need) const {
  const std::size_t begin = block_of(from);
  for (std::size_t b = begin; b < blocks_.size(); ++b) {
    if (most_[b] < need) continue;
    const Block& block = blocks_[b];
    for (std::size_t i = 0; i < block.count; ++i) {
      if (b == begin && i + 1 < block.count && block.at[i + 1] <= from) continue;
      if (block.free[i] + added_[b] >= need) return std::max(from, block.at[i]);
    }
  }
  return second_never;
}

std::optional<Second> Profile::earliest(Second from, std::int64_t need, Second length) const {
  for (Second start = from;;) {
    start = first_enough(start, need);
    if (start == second_never) return std::nullopt;
    const Second end = first_below(start, need);
    if (end == second_never) return start;
    if (length != second_never && end - start >= length) return start;
    start = end;
  }
}

Cursor::Cursor(std::int64_t most)
    : rows_(std::min(class_above(most) + 2, side)),
      bounds_(rows_ * side, std::numeric_limits<Second>::min()) {}

std::size_t Cursor::class_below(std::int64_t amount) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(amount, 1));
  const auto power = static_cast<std::size_t>(std::bit_width(value) - 1);
  const std::uint64_t quarter =
      power >= 2 ? (value >> (power - 2)) & 3U : (value << (2 - power)) & 3U;
  return std::min(power * 4 + static_cast<std::size_t>(quarter), side - 1);
}

std::size_t Cursor::class_above(std::int64_t amount) {
  const std::size_t below = class_below(amount);
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(amount, 1));
  const std::size_t power = below / 4;
  const std::uint64_t bottom =
      power >= 2 ? (4U + below % 4) << (power - 2) : (4U + below % 4) >> (2 - power);
  return bottom == value ? below : below + 1;
}

Second Cursor::bound(std::int64_t need, Second length) const {
  Second best = std::numeric_limits<Second>::min();
  for (std::size_t x = std::min(class_below(need) + 1, rows_); x > 0; x &= x - 1) {
    for (std::size_t y = class_below(length) + 1; y > 0; y &= y - 1) {
      best = std::max(best, bounds_[(x - 1) * side + (y - 1)]);
    }
  }
  return best;
}

void Cursor::found(std::int64_t need, Second length, Second start) {
  for (std::size_t x = std::min(class_above(need) + 1, rows_); x <= rows_; x += x & (~x + 1)) {
    for (std::size_t y = class_above(length) + 1; y <= side; y += y & (~y + 1)) {
      Second& bound = bounds_[(x - 1) * side + (y - 1)];
      bound = std::max(bound, start);
    }
  }
}

}  // namespace cox::core
