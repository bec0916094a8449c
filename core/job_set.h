// A set of job ids in order, a few bits for each: ids are dense, so that one word of a block stands
// for 64 neighbours.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

#include "model/ids.h"

namespace cox::core {

class JobSet {
 public:
  class Iterator {
   public:
    using value_type = JobId;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using reference = JobId;
    using pointer = const JobId*;

    Iterator() = default;

    Iterator(const JobSet* set, JobId at) : set_(set), at_(at) {}

    JobId operator*() const { return at_; }

    Iterator& operator++() {
      at_ = set_->next(at_.value + 1);
      return *this;
    }

    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }

    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const JobSet* set_ = nullptr;
    JobId at_;
  };

  /// False when it was there already.
  bool insert(JobId id) {
    std::uint64_t& word = blocks_[id.value / block_ids][word_of(id)];
    const bool is_new = (word & bit_of(id)) == 0;
    word |= bit_of(id);
    size_ += is_new ? 1 : 0;
    return is_new;
  }

  /// False when it was not there.
  bool erase(JobId id) {
    const auto block = blocks_.find(id.value / block_ids);
    if (block == blocks_.end() || (block->second[word_of(id)] & bit_of(id)) == 0) return false;
    block->second[word_of(id)] &= ~bit_of(id);
    --size_;
    if (block->second == Block{}) blocks_.erase(block);
    return true;
  }

  bool contains(JobId id) const {
    const auto block = blocks_.find(id.value / block_ids);
    return block != blocks_.end() && (block->second[word_of(id)] & bit_of(id)) != 0;
  }

  std::size_t size() const { return size_; }

  bool empty() const { return size_ == 0; }

  Iterator begin() const { return Iterator(this, next(0)); }

  Iterator end() const { return Iterator(this, none); }

  /// From `id` on.
  Iterator from(JobId id) const { return Iterator(this, next(id.value)); }

  /// The first member after `id`.
  Iterator upper_bound(JobId id) const { return Iterator(this, next(id.value + 1)); }

  friend bool operator==(const JobSet& a, const JobSet& b) { return a.blocks_ == b.blocks_; }

 private:
  static constexpr std::uint64_t block_ids = 4096;
  static constexpr JobId none{~std::uint64_t{0}};
  using Block = std::array<std::uint64_t, block_ids / 64>;

  static std::size_t word_of(JobId id) { return (id.value % block_ids) / 64; }

  static std::uint64_t bit_of(JobId id) { return std::uint64_t{1} << (id.value % 64); }

  /// The lowest member >= from.
  JobId next(std::uint64_t from) const {
    for (auto block = blocks_.lower_bound(from / block_ids); block != blocks_.end(); ++block) {
      const std::uint64_t first = block->first * block_ids;
      const std::uint64_t begin = from > first ? from - first : 0;
      std::uint64_t mask = ~std::uint64_t{0} << (begin % 64);
      for (std::size_t w = begin / 64; w < block->second.size(); ++w) {
        const std::uint64_t left = block->second[w] & mask;
        if (left != 0) return JobId{first + w * 64 + static_cast<unsigned>(std::countr_zero(left))};
        mask = ~std::uint64_t{0};
      }
    }
    return none;
  }

  std::map<std::uint64_t, Block> blocks_;  // by id / block_ids; never an empty one
  std::size_t size_ = 0;
};

}  // namespace cox::core
