// How many remembered jobs refer to each script and environment: a function of State, kept beside
// it. Content that nobody refers to any more is deleted. 16 bytes a place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/core.h"

namespace cox::ctld {

class BlobCounts {
 public:
  /// A job of a checkpoint.
  void restore(const core::Job& job);
  /// Around each evolved fact, whose number is `sequence`.
  void before(const core::State& state, const core::Fact& fact);
  void after(const core::State& state, const core::Fact& fact, std::uint64_t sequence);
  /// Contents that lost their last user by a fact up to `sequence`, and got none since.
  std::vector<Hash> take_unused(std::uint64_t sequence);

  /// Of hashes that share their first 64 bits, the sum: at worst one is kept too long.
  std::uint32_t count(const Hash& hash) const;

 private:
  struct Entry {
    std::uint64_t key = 0;
    std::uint32_t users = 0;  // 0: free
  };

  void add(const Hash& hash);
  /// True when it was the last.
  bool remove(const Hash& hash);
  std::size_t place(std::uint64_t key) const;
  void grow();
  void close_gap(std::size_t gap);

  std::vector<Entry> entries_;  // a power of two, or none
  std::size_t size_ = 0;
  std::vector<Hash> released_;  // by the fact under way
  std::vector<std::pair<std::uint64_t, Hash>> unused_;
};

}  // namespace cox::ctld
