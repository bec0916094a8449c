// Where a checkpoint of State lasts: chunks, each with the jobs of a range of ids, a few nodes or
// the like. Only what changed is written again. docs/store.md
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace cox::ctld {

/// Numbers are in state.db: never change one.
enum class ChunkKind : std::uint8_t { header = 0, jobs = 1, nodes = 2, classes = 3 };

struct ChunkKey {
  ChunkKind kind = ChunkKind::header;
  std::uint64_t number = 0;
  friend auto operator<=>(const ChunkKey&, const ChunkKey&) = default;
};

/// "jobs 3", for messages.
std::string to_text(ChunkKey key);

struct Chunk {
  ChunkKey key;
  std::string body;  // chunk_codec.h; empty: nothing is left of it
};

/// A chunk as it was found.
struct FoundChunk {
  ChunkKey key;
  std::string_view body;
  bool is_readable = true;  // false: the disk does not give it back; `body` is empty
};

class CheckpointStore {
 public:
  using Visitor = std::function<Result<void>(const FoundChunk& chunk)>;

  virtual ~CheckpointStore() = default;
  /// Number of the last fact in the checkpoint that is valid; 0 when there is none.
  virtual std::uint64_t sequence() const = 0;
  /// Every chunk of the valid checkpoint, in order of key. error: internal, or what `visit` said
  virtual Result<void> load(const Visitor& visit) = 0;
  /// Writes chunks of the next checkpoint, in one transaction. The valid one stays as it is.
  /// error: storage_full (nothing was written), internal (the disk failed)
  virtual Result<void> put(const std::vector<Chunk>& chunks) = 0;
  /// What was put since the last call, with what is older of the other chunks, is the checkpoint
  /// from here on: all of it or, after a crash, nothing. error: as put()
  virtual Result<void> make_valid(std::uint64_t sequence) = 0;
  /// Removes up to `rows_max` rows that no checkpoint needs any more. True when none is left.
  virtual Result<bool> clean(std::size_t rows_max) = 0;
  /// Forgets what was put since make_valid().
  virtual Result<void> abandon() = 0;
};

}  // namespace cox::ctld
