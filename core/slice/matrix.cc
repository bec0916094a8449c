// See matrix.h. One bitmap a row: whether a job fits in a row costs a word for each 64 nodes.
#include "core/slice/matrix.h"

#include <algorithm>
#include <bit>

#include "common/assert.h"

namespace cox::core {
namespace {

constexpr std::size_t word_bits = 64;

/// As long as the last member needs.
void shorten(Bitset& set) {
  const auto& words = set.words();
  std::size_t count = words.size();
  while (count > 0 && words[count - 1] == 0) --count;
  if (count == 0) return set.resize(0);
  const auto last = static_cast<std::size_t>(std::bit_width(words[count - 1]));
  set.resize((count - 1) * word_bits + last);
}

}  // namespace

void SliceMatrix::take(std::uint32_t row, NodeId node) {
  ASSERT(row > 0 && !is_busy(row, node));
  if (busy_.size() < row) busy_.resize(row);
  Bitset& busy = busy_[row - 1];
  if (busy.size() <= node.value) busy.resize(std::size_t{node.value} + 1);
  busy.set(node.value);
}

void SliceMatrix::give_back(std::uint32_t row, NodeId node) {
  ASSERT(is_busy(row, node));
  busy_[row - 1].reset(node.value);
  shorten(busy_[row - 1]);
  while (!busy_.empty() && busy_.back().size() == 0) busy_.pop_back();
}

bool SliceMatrix::is_busy(std::uint32_t row, NodeId node) const {
  return row > 0 && row <= busy_.size() && busy_[row - 1].test(node.value);
}

bool SliceMatrix::is_held(NodeId node) const {
  return std::ranges::any_of(busy_, [node](const Bitset& row) { return row.test(node.value); });
}

Bitset SliceMatrix::free_in(std::uint32_t row, const Bitset& nodes) const {
  Bitset free = nodes;
  if (row > 0 && row <= busy_.size()) free -= busy_[row - 1];
  return free;
}

std::optional<std::uint32_t> SliceMatrix::first_before(std::uint32_t row,
                                                       std::span<const NodeId> nodes) const {
  for (std::uint32_t other = 1; other < row && other <= rows(); ++other) {
    if (std::ranges::none_of(nodes, [&](NodeId node) { return is_busy(other, node); })) {
      return other;
    }
  }
  return std::nullopt;
}

}  // namespace cox::core
