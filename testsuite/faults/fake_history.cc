// history.db of a simulated controller: the real file on the disk in memory, written a while after
// the facts, a few batches at a time, and now and then from rows that were put aside.
#include <algorithm>
#include <utility>

#include "testsuite/faults/fake_controller.h"

namespace cox::faults {
namespace {

constexpr Duration history_retry = seconds(2);  // as the history thread

}  // namespace

/// A history that cannot be opened stops nothing: it is tried again at the next write.
void FakeController::open_history() {
  auto opened = ctld::open_history_store(state_directory);
  if (opened) {
    life_->history = std::move(*opened);
  } else if (!is_disk_full_) {
    checks_.complain("the history does not open: " + opened.error().message);
  }
}

std::uint64_t FakeController::sequence() const {
  return life_->history == nullptr ? 0 : life_->history->sequence();
}

void FakeController::append(std::shared_ptr<const ctld::HistoryRows> rows) {
  life_->rows.push_back(std::move(rows));
  write_history_soon(milliseconds(rng_.between(1, 300)));
  if (!rng_.chance(1, 20)) return;
  later(microseconds(50), [this, last = life_->rows.back()->last_sequence] {
    life_->controller->history_parked(last);
  });
}

/// Now and then a recovery finds that the writer keeps up, else it waits for some of the rows.
void FakeController::catch_up() {
  while (!life_->rows.empty() && !rng_.chance(1, 3) && write_history()) {
  }
}

void FakeController::query(ctld::HistoryFilter filter,
                           std::function<void(Result<ctld::HistoryPage>)> done) {
  done(read_history(filter));
}

Result<ctld::HistoryPage> FakeController::read_history(const ctld::HistoryFilter& filter) const {
  auto reader = ctld::open_history_reader(state_directory);
  if (!reader) return tl::unexpected(reader.error());
  return (*reader)->query(filter);
}

void FakeController::write_history_soon(Duration delay) {
  if (life_->history_due) return;
  life_->history_due = true;
  later(delay, [this] {
    life_->history_due = false;
    const bool done = write_history();
    if (life_->rows.empty()) return;
    write_history_soon(done ? milliseconds(rng_.between(1, 100)) : history_retry);
  });
}

std::vector<std::shared_ptr<const ctld::HistoryRows>> FakeController::next_rows() {
  const auto count = std::min<std::size_t>(life_->rows.size(), 1 + rng_.below(5));
  return {life_->rows.begin(), life_->rows.begin() + static_cast<std::ptrdiff_t>(count)};
}

/// False when the disk had no room.
bool FakeController::write_history() {
  if (life_->history == nullptr) open_history();
  if (life_->history == nullptr) return false;
  const auto rows = next_rows();
  const auto done = life_->history->append(rows);
  if (!done) {
    const bool is_full = is_disk_full_ && done.error().code == Code::storage_full;
    if (!is_full) checks_.complain("the history cannot be written: " + done.error().message);
    return false;
  }
  life_->rows.erase(life_->rows.begin(),
                    life_->rows.begin() + static_cast<std::ptrdiff_t>(rows.size()));
  later(microseconds(rng_.between(1, 5000)),
        [this, last = rows.back()->last_sequence] { life_->controller->history_written(last); });
  return true;
}

bool FakeController::is_history_written() const {
  return life_ != nullptr && life_->rows.empty() && life_->syncing.empty();
}

}  // namespace cox::faults
