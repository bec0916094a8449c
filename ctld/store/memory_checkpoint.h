// A checkpoint in memory, for tests that need no disk: what was put is nothing until it is valid.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ctld/store/checkpoint_store.h"

namespace cox::ctld {

class MemoryCheckpoint final : public CheckpointStore {
 public:
  std::uint64_t sequence() const override { return sequence_; }

  Result<void> load(const Visitor& visit) override {
    for (const auto& [key, body] : valid_) {
      if (auto visited = visit({key, body, true}); !visited) return visited;
    }
    return {};
  }

  Result<void> put(const std::vector<Chunk>& chunks) override {
    if (is_full) return fail(Code::storage_full, "no room");
    for (const Chunk& chunk : chunks) next_[chunk.key] = chunk.body;
    return {};
  }

  Result<void> make_valid(std::uint64_t sequence) override {
    if (is_full) return fail(Code::storage_full, "no room");
    for (auto& [key, body] : next_) valid_[key] = std::move(body);
    next_.clear();
    std::erase_if(valid_, [](const auto& chunk) { return chunk.second.empty(); });
    sequence_ = sequence;
    return {};
  }

  Result<bool> clean(std::size_t) override { return true; }

  Result<void> abandon() override {
    next_.clear();
    return {};
  }

  /// The body of a chunk, to be damaged.
  std::string& body(ChunkKey key) { return valid_[key]; }

  bool is_full = false;

 private:
  std::map<ChunkKey, std::string> valid_, next_;
  std::uint64_t sequence_ = 0;
};

}  // namespace cox::ctld
