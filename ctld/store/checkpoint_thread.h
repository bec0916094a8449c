// The thread that writes checkpoints into state.db, so that neither the loop nor the commits of the
// journal ever wait for them. docs/adr/0010-checkpoint-thread.md
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/result.h"
#include "ctld/store/checkpoint_store.h"

namespace cox::ctld {

/// Called on the checkpoint thread: the owner posts them to its loop.
struct CheckpointEvents {
  /// The checkpoint up to and including `sequence` is valid.
  std::function<void(std::uint64_t sequence)> lasted;
  /// It was given up. storage_full: the next one may succeed; else the file cannot be trusted.
  std::function<void(const Error&)> failed;
};

class CheckpointThread {
 public:
  CheckpointThread(std::unique_ptr<CheckpointStore> store, CheckpointEvents events);
  /// Writes what was asked for, then ends the thread.
  ~CheckpointThread();
  CheckpointThread(const CheckpointThread&) = delete;
  CheckpointThread& operator=(const CheckpointThread&) = delete;

  /// From the loop thread; never block on the disk. After failed() the rest of that checkpoint is
  /// ignored until begin().
  void begin();
  void put(std::vector<Chunk> chunks);
  void make_valid(std::uint64_t sequence);

 private:
  struct Order {
    enum class Kind : std::uint8_t { begin, put, make_valid } kind = Kind::begin;
    std::vector<Chunk> chunks;
    std::uint64_t sequence = 0;
  };

  void give(Order order);
  void work();
  /// Nothing when the end was asked for and everything is done.
  std::vector<Order> next_orders();
  Result<void> carry_out(const Order& order);
  /// A slice of removing old rows. False when there is nothing more to remove.
  bool clean_some();

  std::unique_ptr<CheckpointStore> store_;
  CheckpointEvents events_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Order> waiting_;
  bool stopping_ = false;
  bool gave_up_ = false;  // of the thread alone, as what follows
  bool is_clean_ = false;
  std::thread thread_;  // last: it uses everything above
};

}  // namespace cox::ctld
