// Where the controller's facts last: an interface of few calls, behind which SQLite stands
// (sqlite_store.h) and, later, other engines. The epoch is checked inside every commit, so that a
// controller that was replaced cannot write any more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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

class Store {
 public:
  using Visitor = std::function<Result<void>(std::uint64_t sequence, std::string_view record)>;

  virtual ~Store() = default;
  /// Commits all of `batches`, in order, in one transaction: they last when this returns.
  /// error: storage_full (nothing was written, try again), refused (a newer epoch owns the store),
  ///        internal (the disk failed: do not go on)
  virtual Result<void> append(const std::vector<Batch>& batches) = 0;
  /// Every record in order of its sequence number.
  /// error: internal names the first sequence that is damaged or missing
  virtual Result<void> load(const Visitor& visit) = 0;
  /// error: not_found names the hash
  virtual Result<std::string> read_blob(const Hash& hash) = 0;
  /// Housekeeping for moments without work.
  virtual Result<void> tidy() = 0;
  /// Bytes that wait for tidy(); above some limit it should not wait for an idle moment.
  virtual std::uint64_t untidy_bytes() const = 0;
};

}  // namespace cox::ctld
