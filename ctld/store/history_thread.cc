// Gathering, writing, trying again: see history_thread.h.
#include "ctld/store/history_thread.h"

#include <chrono>
#include <utility>

namespace cox::ctld {

HistoryThread::HistoryThread(std::unique_ptr<HistoryStore> store,
                             Opener open,
                             HistoryEvents events,
                             HistoryPace pace,
                             ParkOpener open_park)
    : store_(std::move(store)),
      open_(std::move(open)),
      open_park_(std::move(open_park)),
      events_(std::move(events)),
      pace_(pace) {
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
    const auto rows = take_rows();
    if (!rows || !write_surely(*rows)) return;
    events_.written(rows->back()->last_sequence);
  }
}

bool HistoryThread::wait_for_rows() {
  const bool is_parked = park_ && !park_->empty();
  std::unique_lock lock(mutex_);
  if (is_parked) return !stopping_;
  changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  if (waiting_.empty()) return false;
  changed_.wait_for(lock, std::chrono::microseconds(pace_.gather.us),
                    [this] { return stopping_ || rows_waiting_ >= pace_.rows_per_write; });
  return true;
}

std::optional<HistoryThread::Rows> HistoryThread::take_rows() {
  park_if_many();
  return park_ && !park_->empty() ? take_parked() : take_waiting();
}

/// They count as waiting again while they are written.
std::optional<HistoryThread::Rows> HistoryThread::take_parked() {
  Rows taken;
  std::size_t count = 0;
  while (!park_->empty() && count < pace_.rows_per_write) {
    auto rows = park_->take();
    if (!rows) {
      // Nothing later may be written: it would say that nothing is missing up to there.
      events_.failing(rows.error());
      const std::lock_guard lock(mutex_);
      failing_ = true;
      changed_.notify_all();
      return std::nullopt;
    }
    count += (*rows)->size();
    taken.push_back(std::move(*rows));
  }
  const std::lock_guard lock(mutex_);
  rows_waiting_ += count;
  return taken;
}

/// A park that cannot be opened or written is tried again the next time; who hands rows over has a
/// bound of its own.
bool HistoryThread::park_if_many() {
  Rows rows;
  {
    const std::lock_guard lock(mutex_);
    if (!has_many()) return true;
    rows = std::move(waiting_);
    waiting_.clear();
  }
  if (!park_) {
    if (auto opened = open_park_()) park_ = std::move(*opened);
  }
  std::size_t done = 0, count = 0;
  for (; park_ && done < rows.size() && park_->put(*rows[done]); ++done)
    count += rows[done]->size();
  const std::uint64_t last = done == 0 ? 0 : rows[done - 1]->last_sequence;
  {
    const std::lock_guard lock(mutex_);
    rows_waiting_ -= count;
    waiting_.insert(waiting_.begin(), rows.begin() + static_cast<std::ptrdiff_t>(done), rows.end());
  }
  changed_.notify_all();
  if (done != 0 && events_.parked) events_.parked(last);
  return done == rows.size();
}

bool HistoryThread::has_many() const {
  return open_park_ && !waiting_.empty() && rows_waiting_ > pace_.rows_in_memory;
}

/// As many as one transaction should hold, whole batches.
HistoryThread::Rows HistoryThread::take_waiting() {
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
  bool can_park = true;
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
    changed_.wait_for(lock, std::chrono::microseconds(pace_.retry.us),
                      [this, can_park] { return stopping_ || (can_park && has_many()); });
    if (stopping_) return false;
    lock.unlock();
    can_park = park_if_many();
  }
}

}  // namespace cox::ctld
