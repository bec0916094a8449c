// Client keys whose submit may be sent again, with the ids of their jobs. Open addressing: 24 bytes
// a place. Keys come from clients, so the hash takes a seed that they cannot know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/ids.h"

namespace cox::core {

class KeyTable {
 public:
  static constexpr std::uint64_t seed_known = 0x243F6A8885A308D3U;  // where nobody is hostile

  /// Only before the first insert. Two tables with other seeds are equal when their content is.
  void set_seed(std::uint64_t seed) { seed_ = seed; }

  std::uint64_t seed() const { return seed_; }

  std::optional<JobId> find(const ClientKey& key) const;
  /// `key` now stands for `job`, whatever it stood for before. It must not be empty.
  void insert(const ClientKey& key, JobId job);
  /// Only when the key still stands for `job`.
  void erase(const ClientKey& key, JobId job);

  bool contains(const ClientKey& key) const { return find(key).has_value(); }

  std::size_t size() const { return size_; }

  /// Room for so many keys, of a table that is empty yet.
  void reserve(std::size_t keys);

  friend bool operator==(const KeyTable& a, const KeyTable& b);

 private:
  struct Entry {
    ClientKey key;
    JobId job;  // 0: free
  };

  std::size_t home(const ClientKey& key) const;
  /// The entry of `key`, or the free one where it belongs. The table is not empty.
  std::size_t place(const ClientKey& key) const;
  void resize(std::size_t places);

  std::vector<Entry> entries_;  // a power of two, or none
  std::size_t size_ = 0;
  std::uint64_t seed_ = seed_known;
};

}  // namespace cox::core
