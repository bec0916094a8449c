// The body of a chunk: records as in the journal, the first says which ids follow. A damaged record
// costs one job, not the chunk; and the ids that are lost are known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "core/state.h"
#include "ctld/store/checkpoint_store.h"
#include "ctld/store/chunk.pb.h"
#include "ctld/store/job_codec.h"

namespace cox::ctld {

inline constexpr std::uint64_t jobs_per_chunk = core::jobs_per_page;
inline constexpr std::uint64_t nodes_per_chunk = 64;
inline constexpr std::uint64_t classes_per_chunk = 16;

constexpr ChunkKey chunk_of(JobId id) {
  return {ChunkKind::jobs, id.value / jobs_per_chunk};
}

constexpr ChunkKey chunk_of(NodeId id) {
  return {ChunkKind::nodes, id.value / nodes_per_chunk};
}

constexpr ChunkKey chunk_of(ClassId id) {
  return {ChunkKind::classes, id.value / classes_per_chunk};
}

inline constexpr ChunkKey header_chunk{ChunkKind::header, 0};

/// The chunk as it is in `record` now; its body is empty when nothing is left of it.
Chunk encode_chunk(const core::Record& record, ChunkKey key);

/// Something of a checkpoint that cannot be read.
struct Damage {
  ChunkKey chunk;
  std::vector<std::uint64_t> ids;  // jobs, nodes or classes: which
  std::string why;
};

/// What chunks say, piece by piece. Chunks come in any order; finish() puts them together.
class RecordLoader {
 public:
  void take(const FoundChunk& chunk);
  /// error: internal when the header or the fleet cannot be understood
  Result<core::Record> finish();

  /// Jobs that cannot be read.
  const std::vector<Damage>& damages() const { return damages_; }

 private:
  void take_header(std::string_view bytes);
  void take_item(ChunkKey key, std::uint64_t id, std::string_view bytes);
  void lose(ChunkKey key, std::vector<std::uint64_t> ids, const std::string& why);
  void take_items(const FoundChunk& chunk);
  Result<void> take_commons(const store::ChunkContents& contents);

  core::Record record_;
  core::CommonTable commons_;
  JobDecoder jobs_;
  std::optional<JobId> keys_from_;
  std::vector<Damage> damages_;
  std::string fatal_;  // what makes the whole useless; empty: nothing
};

}  // namespace cox::ctld
