// Group commit: see store_thread.h.
#include "ctld/store/store_thread.h"

#include <chrono>
#include <utility>

namespace cox::ctld {

namespace {

// A log that grew past this is moved even when no idle moment comes.
constexpr std::uint64_t untidy_bytes_max = 256U << 20;
// Slices small enough that a commit waits for them a fraction of a millisecond.
constexpr std::size_t rows_per_slice = 32;
constexpr std::size_t blobs_per_slice = 16;
constexpr auto idle_before_tidy = std::chrono::milliseconds(500);

}  // namespace

StoreThread::StoreThread(std::unique_ptr<Store> store, StoreEvents events, Duration retry_after)
    : store_(std::move(store)), events_(std::move(events)), retry_after_(retry_after) {
  thread_ = std::thread([this] { work(); });
}

StoreThread::~StoreThread() {
  finish();
}

std::uint64_t StoreThread::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  return committed_;
}

void StoreThread::append(Batch batch) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.batches.push_back(std::move(batch));
  }
  changed_.notify_one();
}

void StoreThread::cut(std::uint64_t sequence) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.cut = sequence;
  }
  changed_.notify_one();
}

void StoreThread::drop_blobs(std::vector<Hash> hashes) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.drops.insert(waiting_.drops.end(), hashes.begin(), hashes.end());
  }
  changed_.notify_one();
}

void StoreThread::read_blob(const Hash& hash, std::function<void(Result<std::string>)> done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.reads.push_back({hash, std::move(done)});
  }
  changed_.notify_one();
}

void StoreThread::list_blobs(const Hash& after,
                             std::size_t most,
                             std::function<void(Result<std::vector<Hash>>)> done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.lists.push_back({after, most, std::move(done)});
  }
  changed_.notify_one();
}

void StoreThread::work() {
  for (;;) {
    const Orders orders = next_orders();
    drops_.insert(orders.drops.begin(), orders.drops.end());
    if (orders.cut != 0) cut_to_ = orders.cut;
    if (!orders.batches.empty()) {
      for (const Batch& batch : orders.batches) {
        for (const Blob& blob : batch.blobs) drops_.erase(blob.hash);
      }
      if (!commit(orders.batches)) return;
      committed_ = orders.batches.back().last_sequence();
      events_.committed(committed_);
    } else if (orders.empty() && !has_chores()) {
      return;
    }
    for (const Read& read : orders.reads) read.done(store_->read_blob(read.hash));
    for (const List& list : orders.lists) list.done(store_->list_blobs(list.after, list.most));
    tidy_some(orders.batches.size());
  }
}

/// Empty only when chores are left to do, or the end was asked for.
StoreThread::Orders StoreThread::next_orders() {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !waiting_.empty(); };
  if (has_chores() && !stopping_) return std::exchange(waiting_, {});
  if (!ready() && store_->untidy_bytes() != 0 &&
      !changed_.wait_for(lock, idle_before_tidy, ready)) {
    lock.unlock();
    store_->tidy();  // a failure here shows again, and better, at the next commit
    lock.lock();
  }
  changed_.wait(lock, ready);
  return std::exchange(waiting_, {});
}

/// A slice of what may wait, after a commit of that many batches: more goes than came. What fails
/// is left: the next checkpoint asks again, and a disk that fails shows at the next commit.
void StoreThread::tidy_some(std::size_t batches) {
  if (!drops_.empty()) {
    auto end = drops_.begin();
    for (std::size_t i = 0; i < blobs_per_slice && end != drops_.end(); ++i) ++end;
    static_cast<void>(store_->drop_blobs({drops_.begin(), end}));
    drops_.erase(drops_.begin(), end);
  }
  if (cut_to_ != 0) {
    const auto done = store_->cut(cut_to_, rows_per_slice + 2 * batches);
    if (!done || *done) cut_to_ = 0;
  }
  if (store_->untidy_bytes() > untidy_bytes_max) store_->tidy();
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
