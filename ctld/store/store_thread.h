// The thread that commits: it takes every batch that waits, commits all of them in one transaction
// and says how far the journal reaches. While one sync runs the next batches gather.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/result.h"
#include "ctld/store/store.h"
#include "model/time.h"

namespace cox::ctld {

/// Called on the store thread: the owner posts them to its loop.
struct StoreEvents {
  /// Everything up to and including `sequence` lasts.
  std::function<void(std::uint64_t sequence)> committed;
  /// The disk has no room: batches are kept and tried again until `full` is false.
  std::function<void(bool full)> full;
  /// The store cannot be trusted any more: the process must end. No further call comes.
  std::function<void(const Error&)> failed;
};

class StoreThread {
 public:
  StoreThread(std::unique_ptr<Store> store,
              StoreEvents events,
              Duration retry_after = milliseconds(200));
  /// Commits what was appended (with a full disk: tries once), then ends the thread.
  ~StoreThread();
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  /// From the loop thread; never blocks on the disk.
  void append(Batch batch);

 private:
  void work();
  std::vector<Batch> next_batches();
  /// Commits, or tries again until there is room. False: the store failed, or stop was asked.
  bool commit(const std::vector<Batch>& batches);
  bool stopped_while_waiting();

  std::unique_ptr<Store> store_;
  StoreEvents events_;
  Duration retry_after_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Batch> waiting_;
  bool stopping_ = false;
  bool full_ = false;   // of the store thread alone
  std::thread thread_;  // last: it uses everything above
};

}  // namespace cox::ctld
