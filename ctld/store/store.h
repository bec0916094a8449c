// Where the controller's facts last: an interface of few calls, behind which SQLite stands
// (sqlite_store.h) and, later, other engines. The epoch is checked inside every commit, so that a
// controller that was replaced cannot write any more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "model/ids.h"

namespace cox::ctld {

/// A script or an environment, shared between State's users and the store thread.
struct Blob {
  Hash hash;
  std::shared_ptr<const std::string> bytes;
};

/// The facts of one turn of the loop.
struct Batch {
  std::uint64_t first_sequence = 0;  // facts are numbered from 1, without gaps
  Epoch epoch;
  std::uint32_t count = 0;
  std::string records;  // see record.h
  std::vector<Blob> blobs;

  std::uint64_t last_sequence() const { return first_sequence + count - 1; }
};

/// A record of the journal as it was found.
struct FoundRecord {
  std::uint64_t sequence = 0;
  Epoch epoch;  // of its batch; 0 when the batch itself cannot be read
  std::string_view bytes;
  bool is_whole = true;       // false: fails its checksum, or is missing; `bytes` are what is left
  std::uint64_t records = 1;  // of a gap: so many from `sequence` on are missing
};

/// What cannot be read of a journal, and may not be written either: mend_journal().
struct JournalDamage {
  std::uint64_t lost_tail = 0;  // the last sequence that may have been given out; 0: that is known
};

/// More facts than a journal holds between two checkpoints.
inline constexpr std::uint64_t lost_tail_records = 1U << 22;

class Store {
 public:
  using Visitor = std::function<Result<void>(const FoundRecord& record)>;

  virtual ~Store() = default;
  /// Commits all of `batches`, in order, in one transaction: they last when this returns.
  /// error: storage_full (nothing was written, try again), refused (a newer epoch owns the store),
  ///        internal (the disk failed: do not go on)
  virtual Result<void> append(const std::vector<Batch>& batches) = 0;
  /// Every record after `sequence` in order; what cannot be read is visited too, and so marked.
  /// error: internal when the journal begins later than that, or cannot be read at all
  virtual Result<void> load(std::uint64_t sequence, const Visitor& visit) = 0;

  /// As load() found it.
  virtual std::optional<JournalDamage> damage() const { return std::nullopt; }

  /// error: not_found names the hash
  virtual Result<std::string> read_blob(const Hash& hash) = 0;
  /// Hashes of contents in ascending order, at most `most`, from the first above `after` on.
  virtual Result<std::vector<Hash>> list_blobs(const Hash& after, std::size_t most) = 0;
  /// Removes up to `rows_max` of the batches that hold nothing after `sequence`, the oldest first.
  /// True when none is left. What was removed may be there again after a crash.
  virtual Result<bool> cut(std::uint64_t sequence, std::size_t rows_max) = 0;
  /// Removes contents; those that are not there are no error. Undone by a crash, as cut().
  virtual Result<void> drop_blobs(const std::vector<Hash>& hashes) = 0;
  /// Housekeeping for moments without work.
  virtual Result<void> tidy() = 0;
  /// Bytes that wait for tidy(); above some limit it should not wait for an idle moment.
  virtual std::uint64_t untidy_bytes() const = 0;
};

}  // namespace cox::ctld
