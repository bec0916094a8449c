// A history in memory for tests: a disk that survives its controllers, and a writer that writes
// when told.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "ctld/outside.h"

namespace cox::ctld {

/// The name that this history's system gives a group.
inline std::string name_of_group(std::uint32_t gid) {
  return "group" + std::to_string(gid);
}

struct HistoryDisk {
  std::map<AttemptKey, AttemptRow> attempts;
  std::map<StepKey, StepRow> steps;
  std::uint64_t sequence = 0;

  void write(const HistoryRows& rows) {
    for (const AttemptRow& row : rows.attempts) {
      AttemptRow& written = attempts[row.key()] = row;
      if (written.group.empty()) written.group = name_of_group(row.gid);
    }
    for (const StepRow& row : rows.steps) steps[row.key()] = row;
    sequence = rows.last_sequence;
  }

  friend bool operator==(const HistoryDisk&, const HistoryDisk&) = default;
};

class FakeHistory : public History {
 public:
  explicit FakeHistory(HistoryDisk& disk) : disk_(disk) {}

  std::uint64_t sequence() const override { return disk_.sequence; }

  void append(std::shared_ptr<const HistoryRows> rows) override { waiting_.push_back(rows); }

  void catch_up() override { ++caught_up_; }

  void query(HistoryFilter filter, std::function<void(Result<HistoryPage>)> done) override {
    HistoryPage page;
    for (const auto& [key, row] : disk_.attempts) {
      if (matches(filter, row)) page.attempts.push_back(row);
    }
    std::ranges::sort(page.attempts, std::ranges::greater{}, [](const AttemptRow& row) {
      return HistoryCursor{row.ended, row.job, row.attempt};
    });
    page.has_more = page.attempts.size() > filter.limit;
    if (page.has_more) page.attempts.resize(filter.limit);
    for (const auto& [key, row] : disk_.steps) {
      if (filter.with_steps) page.steps.push_back(row);
    }
    for (const std::uint32_t gid : filter.groups_of) {
      page.groups[gid] = name_of_group(gid);
    }
    done(std::move(page));
  }

  /// Writes the batch that waits longest. Returns its sequence; 0 when nothing waits.
  std::uint64_t write_one() {
    auto& from = parked_.empty() ? waiting_ : parked_;
    if (from.empty()) return 0;
    const auto rows = std::move(from.front());
    from.pop_front();
    disk_.write(*rows);
    return rows->last_sequence;
  }

  /// Puts aside what waits in memory. Returns the last sequence; 0 when nothing waits.
  std::uint64_t park() {
    if (waiting_.empty()) return 0;
    std::ranges::move(waiting_, std::back_inserter(parked_));
    waiting_.clear();
    return parked_.back()->last_sequence;
  }

  std::size_t waiting() const { return waiting_.size() + parked_.size(); }

  int catch_ups() const { return caught_up_; }

 private:
  HistoryDisk& disk_;
  std::deque<std::shared_ptr<const HistoryRows>> parked_, waiting_;
  int caught_up_ = 0;
};

}  // namespace cox::ctld
