// Scripts and environments in memory while a job that is not ended refers to them: hash -> shared
// bytes. The store keeps all of them for good.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/fact.h"
#include "core/state.h"
#include "ctld/store/store.h"
#include "model/ids.h"

namespace cox::ctld {

class BlobTable {
 public:
  using Bytes = std::shared_ptr<const std::string>;

  /// Content for facts that are about to be learned.
  void offer(std::vector<Blob> blobs);
  /// Keeps what `fact` refers to while its job lives. Returns the offered content that the fact
  /// refers to for the first time, which the fact's batch must carry.
  std::vector<Blob> learn(const core::Fact& fact);

  /// A job of a checkpoint: what it refers to while it lives.
  void restore(const core::Job& job);

  /// Forgets offers that no fact took up.
  void drop_offers() { offers_.clear(); }

  /// Null when nothing alive refers to it, or its content was never given.
  Bytes find(const Hash& hash) const;
  /// Hashes that live jobs refer to and whose content is not here: after a replay.
  std::vector<Hash> missing() const;
  void fill(const Hash& hash, std::string bytes);

 private:
  struct Entry {
    Bytes bytes;
    std::uint32_t users = 0;
  };

  void keep(JobId job, const Hash& hash, std::vector<Blob>* fresh);
  void release(JobId job);

  std::map<Hash, Bytes> offers_;
  std::map<Hash, Entry> entries_;
  std::map<JobId, std::vector<Hash>> held_;
};

}  // namespace cox::ctld
