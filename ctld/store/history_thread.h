// The thread that writes history.db, off the loop and off the commit path of the journal. It lets
// rows gather for a moment, writes all that wait in one transaction, and says how far they reach.
// What cannot be written waits and is tried again; who hands rows over bounds how many.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/result.h"
#include "ctld/store/history.h"
#include "model/time.h"

namespace cox::ctld {

/// Called on the history thread: the owner posts them to its loop.
struct HistoryEvents {
  /// Every row of the facts up to `sequence` lasts.
  std::function<void(std::uint64_t sequence)> written;
  /// Once when writing begins to fail, with the reason, and once when it works again.
  std::function<void(const Error&)> failing;
  std::function<void()> well;
};

struct HistoryPace {
  Duration gather = milliseconds(100);  // between the first row that waits and the write
  Duration retry = seconds(2);
  std::size_t rows_per_write = 20'000;
};

class HistoryThread {
 public:
  using Opener = std::function<Result<std::unique_ptr<HistoryStore>>()>;

  /// `store` may be null, when it could not be opened: then it is tried again with `open`.
  HistoryThread(std::unique_ptr<HistoryStore> store,
                Opener open,
                HistoryEvents events,
                HistoryPace pace = {});
  /// As finish().
  ~HistoryThread();
  HistoryThread(const HistoryThread&) = delete;
  HistoryThread& operator=(const HistoryThread&) = delete;

  /// From the loop thread; never blocks on the disk.
  void append(std::shared_ptr<const HistoryRows> rows);
  /// Writes what waits (tries once), then ends the thread. Returns the last sequence written, 0
  /// when there was none.
  std::uint64_t finish();
  /// Blocks until little waits, or writing fails: for a recovery that makes rows faster than they
  /// can be written.
  void catch_up();

 private:
  using Rows = std::vector<std::shared_ptr<const HistoryRows>>;

  void work();
  /// False when the end was asked for and nothing waits.
  bool wait_for_rows();
  Rows take_rows();
  Result<void> write(const Rows& rows);
  /// Writes, or tries again until it works. False: the end was asked for meanwhile.
  bool write_surely(const Rows& rows);

  std::unique_ptr<HistoryStore> store_;  // of the thread alone, as `failing_`'s changes
  Opener open_;
  HistoryEvents events_;
  HistoryPace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Rows waiting_;
  std::size_t rows_waiting_ = 0;
  std::uint64_t written_ = 0;
  bool stopping_ = false;
  bool failing_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace cox::ctld
