// A checkpoint taken in slices between turns, that holds State exactly as it was after one fact:
// which chunks changed since the last one, and which of them must be encoded before a fact may
// change them. docs/store.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "core/core.h"
#include "ctld/store/checkpoint_store.h"

namespace cox::ctld {

class Checkpoint {
 public:
  /// Before `fact` is evolved: what of the checkpoint it would change is encoded first.
  void before(const core::State& state, const core::Fact& fact);
  /// Begins a checkpoint of `state` as it is now, after fact number `sequence`.
  void begin(const core::State& state, std::uint64_t sequence);
  /// Encodes one more chunk. False when nothing is left to encode.
  bool step(const core::State& state);
  /// What was encoded since the last call.
  std::vector<Chunk> take();
  /// The checkpoint lasts.
  void lasted();
  /// It could not be written: what it held has to go into the next one.
  void failed();

  /// From begin() until lasted() or failed().
  bool is_open() const { return is_open_; }

  /// Everything of the open checkpoint was encoded.
  bool is_encoded() const { return frozen_.empty(); }

  std::uint64_t sequence() const { return sequence_; }

  /// Chunks that changed since the last begin().
  std::size_t dirty() const { return dirty_.size(); }

 private:
  void touch_old_keys(const core::State& state, const core::JobSubmitted& fact);
  void touch(const core::State& state, ChunkKey key);
  void encode(const core::State& state, ChunkKey key);

  std::set<ChunkKey> dirty_;
  std::set<ChunkKey> frozen_;   // of the open checkpoint, not encoded yet
  std::set<ChunkKey> encoded_;  // of the open checkpoint
  std::vector<Chunk> ready_;
  bool is_open_ = false;
  std::uint64_t sequence_ = 0;
};

}  // namespace cox::ctld
