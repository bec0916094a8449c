// Group commit: see store_thread.h.
#include "ctld/store/store_thread.h"

#include <chrono>
#include <utility>

namespace cox::ctld {

namespace {

// A log that grew past this is moved even when no idle moment comes.
constexpr std::uint64_t untidy_bytes_max = 256U << 20;
constexpr auto idle_before_tidy = std::chrono::milliseconds(500);

}  // namespace

StoreThread::StoreThread(std::unique_ptr<Store> store, StoreEvents events, Duration retry_after)
    : store_(std::move(store)), events_(std::move(events)), retry_after_(retry_after) {
  thread_ = std::thread([this] { work(); });
}

StoreThread::~StoreThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StoreThread::append(Batch batch) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(batch));
  }
  changed_.notify_one();
}

void StoreThread::work() {
  for (;;) {
    const std::vector<Batch> batches = next_batches();
    if (batches.empty()) return;
    if (!commit(batches)) return;
    events_.committed(batches.back().last_sequence());
    if (store_->untidy_bytes() > untidy_bytes_max) store_->tidy();
  }
}

/// Empty only when nothing is left and the end was asked for.
std::vector<Batch> StoreThread::next_batches() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !waiting_.empty(); };
  if (!ready() && store_->untidy_bytes() != 0 &&
      !changed_.wait_for(lock, idle_before_tidy, ready)) {
    lock.unlock();
    store_->tidy();  // a failure here shows again, and better, at the next commit
    lock.lock();
  }
  changed_.wait(lock, ready);
  return std::exchange(waiting_, {});
}

bool StoreThread::commit(const std::vector<Batch>& batches) {
  for (;;) {
    const auto done = store_->append(batches);
    const bool full = !done && done.error().code == Code::storage_full;
    if (!done && !full) {
      events_.failed(done.error());
      return false;
    }
    if (full != full_) events_.full(full_ = full);
    if (done) return true;
    if (stopped_while_waiting()) return false;
  }
}

bool StoreThread::stopped_while_waiting() {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::microseconds(retry_after_.us),
                           [this] { return stopping_; });
}

}  // namespace cox::ctld
