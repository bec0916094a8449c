// The thread that commits: it takes every batch that waits, commits all of them in one transaction
// and says how far the journal reaches. While one sync runs the next batches gather.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
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
  /// Reads content after everything appended before is committed. `done` is called on the store
  /// thread; it is not when the thread ends before.
  void read_blob(const Hash& hash, std::function<void(Result<std::string>)> done);
  /// Store::list_blobs(), likewise.
  void list_blobs(const Hash& after,
                  std::size_t most,
                  std::function<void(Result<std::vector<Hash>>)> done);
  /// Batches up to and including `sequence` are needed no more: removed bit by bit, after commits
  /// and while there are none. Likewise.
  void cut(std::uint64_t sequence);
  /// Contents that nothing refers to: removed like this too, unless a batch brings them again.
  void drop_blobs(std::vector<Hash> hashes);
  /// What the destructor does. Returns the last sequence that lasts; 0 when none was committed.
  std::uint64_t finish();

 private:
  struct Read {
    Hash hash;
    std::function<void(Result<std::string>)> done;
  };

  struct List {
    Hash after;
    std::size_t most;
    std::function<void(Result<std::vector<Hash>>)> done;
  };

  /// What the loop asked for since the last look.
  struct Orders {
    std::vector<Batch> batches;
    std::vector<Hash> drops;
    std::vector<Read> reads;
    std::vector<List> lists;
    std::uint64_t cut = 0;

    bool empty() const {
      return batches.empty() && drops.empty() && reads.empty() && lists.empty() && cut == 0;
    }
  };

  void work();
  Orders next_orders();
  void tidy_some(std::size_t batches);

  bool has_chores() const { return cut_to_ != 0 || !drops_.empty(); }

  /// Commits, or tries again until there is room. False: the store failed, or stop was asked.
  bool commit(const std::vector<Batch>& batches);
  bool stopped_while_waiting();

  std::unique_ptr<Store> store_;
  StoreEvents events_;
  Duration retry_after_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Orders waiting_;
  bool stopping_ = false;
  bool full_ = false;         // of the store thread alone, as what follows
  std::uint64_t cut_to_ = 0;  // 0: nothing is to be cut
  std::set<Hash> drops_;
  std::uint64_t committed_ = 0;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace cox::ctld
