// One thread for calls that may block (name services, trees of files), so that heartbeats go on.
// It takes values and gives values back through the loop; it starts with its first piece of work.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "platform/loop.h"

namespace cox::noded {

class Worker {
 public:
  explicit Worker(platform::Loop& loop) : loop_(loop) {}

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Finishes what was asked.
  ~Worker();

  /// `work` runs on the thread, then `done` on the loop.
  void run(std::function<void()> work, std::function<void()> done);

 private:
  struct Item {
    std::function<void()> work, done;
  };

  void serve();

  platform::Loop& loop_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Item> items_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace cox::noded
