// Scripts and environments on their way to the store, and those that were lately needed: hash ->
// shared bytes, up to a limit. The store keeps them as long as a job
// refers to them (blob_counts.h); what is not here is read there.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/fact.h"
#include "ctld/store/store.h"
#include "model/ids.h"

namespace cox::ctld {

class BlobTable {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  static constexpr std::size_t bytes_max = 64U << 20;

  /// `limit`: bytes kept, with what each content costs beside itself.
  explicit BlobTable(std::size_t limit = bytes_max) : limit_(limit) {}

  /// Content for facts that are about to be learned.
  void offer(std::vector<Blob> blobs);
  /// Returns the offered content that `fact` refers to and the store may not have yet: the fact's
  /// batch must carry it.
  std::vector<Blob> learn(const core::Fact& fact);

  /// Forgets offers that no fact took up.
  void drop_offers() { offers_.clear(); }

  /// Null when it is not here; the store may have it.
  Bytes find(const Hash& hash);
  /// Content that the store has.
  void fill(const Hash& hash, Bytes bytes);
  /// The store is told to drop it: a later job has to bring it again.
  void forget(const Hash& hash);

  std::size_t size() const { return entries_.size(); }

 private:
  using Entries = std::list<Blob>;  // lately needed ones first

  struct HashOfHash {
    std::size_t operator()(const Hash& hash) const;
  };

  void take_up(const Hash& hash, std::vector<Blob>* fresh);

  std::size_t limit_;
  std::size_t used_ = 0;
  std::map<Hash, Bytes> offers_;
  Entries entries_;
  std::unordered_map<Hash, Entries::iterator, HashOfHash> by_hash_;
};

}  // namespace cox::ctld
