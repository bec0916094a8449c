// The thread that writes history.db, off the loop and off the commit path of the journal. It lets
// rows gather for a moment, writes all that wait in one transaction, and says how far they reach.
// What cannot be written waits and is tried again: some in memory, more of it in a file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/result.h"
#include "ctld/store/history.h"
#include "ctld/store/history_park.h"
#include "model/time.h"

namespace cox::ctld {

/// Called on the history thread: the owner posts them to its loop.
struct HistoryEvents {
  /// Every row of the facts up to `sequence` lasts.
  std::function<void(std::uint64_t sequence)> written;
  /// Once when writing begins to fail, with the reason, and once when it works again.
  std::function<void(const Error&)> failing;
  std::function<void()> well;
  /// Rows of the facts up to `sequence` wait in a file, if they are not written: memory may let go.
  std::function<void(std::uint64_t sequence)> parked{};
};

struct HistoryPace {
  Duration gather = milliseconds(100);  // between the first row that waits and the write
  Duration retry = seconds(2);
  std::size_t rows_per_write = 20'000;
  std::size_t rows_in_memory = 50'000;  // with more that wait, they are parked in a file
};

class HistoryThread {
 public:
  using Opener = std::function<Result<std::unique_ptr<HistoryStore>>()>;
  using ParkOpener = std::function<Result<HistoryPark>()>;

  /// `open_park` may be empty: then all rows wait in memory. `store` may be null, when it could not
  /// be opened: then it is tried again with `open`.
  HistoryThread(std::unique_ptr<HistoryStore> store,
                Opener open,
                HistoryEvents events,
                HistoryPace pace = {},
                ParkOpener open_park = nullptr);
  /// As finish().
  ~HistoryThread();
  HistoryThread(const HistoryThread&) = delete;
  HistoryThread& operator=(const HistoryThread&) = delete;

  /// From the loop thread; never blocks on the disk.
  void append(std::shared_ptr<const HistoryRows> rows);
  /// Writes what waits in memory (tries once), then ends the thread. What is parked, and what comes
  /// after it, is left to the next start. Returns the last sequence written, 0 when there was none.
  std::uint64_t finish();
  /// Blocks until little waits, or writing fails: for a recovery that makes rows faster than they
  /// can be written.
  void catch_up();

 private:
  using Rows = std::vector<std::shared_ptr<const HistoryRows>>;

  void work();
  /// False when the end was asked for and nothing waits.
  bool wait_for_rows();
  /// Nothing when the park does not give its rows back.
  std::optional<Rows> take_rows();
  Rows take_waiting();
  std::optional<Rows> take_parked();
  /// False when some could not be parked.
  bool park_if_many();
  /// More wait than should in memory. With the mutex held.
  bool has_many() const;
  Result<void> write(const Rows& rows);
  /// Writes, or tries again until it works. False: the end was asked for meanwhile.
  bool write_surely(const Rows& rows);

  std::unique_ptr<HistoryStore> store_;  // of the thread alone, as `failing_`'s changes
  Opener open_;
  ParkOpener open_park_;
  std::optional<HistoryPark> park_;  // of the thread alone; its rows are older than waiting_
  HistoryEvents events_;
  HistoryPace pace_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Rows waiting_;
  std::size_t rows_waiting_ = 0;  // in waiting_, and those being written
  std::uint64_t written_ = 0;
  bool stopping_ = false;
  bool failing_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace cox::ctld
