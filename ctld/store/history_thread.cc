// Gathering, writing, trying again: see history_thread.h.
#include "ctld/store/history_thread.h"

#include <chrono>
#include <utility>

namespace cox::ctld {

HistoryThread::HistoryThread(std::unique_ptr<HistoryStore> store,
                             Opener open,
                             HistoryEvents events,
                             HistoryPace pace)
    : store_(std::move(store)), open_(std::move(open)), events_(std::move(events)), pace_(pace) {
  thread_ = std::thread([this] { work(); });
}

HistoryThread::~HistoryThread() {
  finish();
}

std::uint64_t HistoryThread::finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return written_;
}

void HistoryThread::append(std::shared_ptr<const HistoryRows> rows) {
  {
    const std::lock_guard lock(mutex_);
    rows_waiting_ += rows->size();
    waiting_.push_back(std::move(rows));
  }
  changed_.notify_all();
}

void HistoryThread::catch_up() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return failing_ || rows_waiting_ < pace_.rows_per_write; });
}

void HistoryThread::work() {
  while (wait_for_rows()) {
    const Rows rows = take_rows();
    if (!write_surely(rows)) return;
    events_.written(rows.back()->last_sequence);
  }
}

bool HistoryThread::wait_for_rows() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  if (waiting_.empty()) return false;
  changed_.wait_for(lock, std::chrono::microseconds(pace_.gather.us),
                    [this] { return stopping_ || rows_waiting_ >= pace_.rows_per_write; });
  return true;
}

/// As many as one transaction should hold, whole batches.
HistoryThread::Rows HistoryThread::take_rows() {
  const std::lock_guard lock(mutex_);
  Rows taken;
  std::size_t count = 0;
  auto end = waiting_.begin();
  while (end != waiting_.end() &&
         (taken.empty() || count + (*end)->size() <= pace_.rows_per_write)) {
    count += (*end)->size();
    taken.push_back(std::move(*end));
    ++end;
  }
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

Result<void> HistoryThread::write(const Rows& rows) {
  if (store_ == nullptr) {
    auto opened = open_();
    if (!opened) return tl::unexpected(opened.error());
    store_ = std::move(*opened);
  }
  auto done = store_->append(rows);
  // A file that was damaged, moved away or replaced is opened anew at the next try.
  if (!done && done.error().code == Code::internal) store_.reset();
  return done;
}

bool HistoryThread::write_surely(const Rows& rows) {
  std::size_t count = 0;
  for (const auto& one : rows) count += one->size();
  for (;;) {
    const auto done = write(rows);
    std::unique_lock lock(mutex_);
    const bool has_changed = std::exchange(failing_, !done) != !done;
    if (done) {
      rows_waiting_ -= count;
      written_ = rows.back()->last_sequence;
    }
    changed_.notify_all();
    if (has_changed) {
      lock.unlock();
      done ? events_.well() : events_.failing(done.error());
      lock.lock();
    }
    if (done) return true;
    if (changed_.wait_for(lock, std::chrono::microseconds(pace_.retry.us),
                          [this] { return stopping_; })) {
      return false;
    }
  }
}

}  // namespace cox::ctld
