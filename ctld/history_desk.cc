// Rows on their way from State to history.db.
#include "ctld/history_desk.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "ctld/history_rows.h"

namespace cox::ctld {

namespace {

constexpr std::size_t rows_per_batch_of_replay = 4096;

HistoryCursor place_of(const AttemptRow& row) {
  return {row.ended, row.job, row.attempt};
}

/// Moves rows of facts up to `sequence` to the end of `to`; both are in order of facts.
template <class Row>
void move_committed(std::uint64_t sequence, std::list<Row>* from, std::list<Row>* to) {
  auto end = from->end();
  while (end != from->begin() && std::prev(end)->sequence > sequence) --end;
  to->splice(to->end(), *from, from->begin(), end);
}

std::uint64_t first_sequence(const HistoryRows& rows) {
  std::uint64_t first = rows.last_sequence;
  if (!rows.attempts.empty()) first = std::min(first, rows.attempts.front().sequence);
  if (!rows.steps.empty()) first = std::min(first, rows.steps.front().sequence);
  return first;
}

}  // namespace

HistoryDesk::HistoryDesk(History* history, Log log, std::size_t most)
    : history_(history), log_(log), most_(most) {}

void HistoryDesk::begin() {
  if (history_ != nullptr) held_ = history_->sequence();
}

void HistoryDesk::learn(const core::State& state, const core::Fact& fact, std::uint64_t sequence) {
  if (history_ == nullptr || sequence <= held_ || overflow_) return;
  add_history_rows(state, fact, sequence, &gathered_);
}

void HistoryDesk::unlearn(std::uint64_t sequence) {
  std::erase_if(gathered_.attempts, [&](const auto& row) { return row.sequence == sequence; });
  std::erase_if(gathered_.steps, [&](const auto& row) { return row.sequence == sequence; });
}

void HistoryDesk::committed(std::uint64_t sequence) {
  committed_ = sequence;
  if (gathered_.size() == 0) return;
  auto rows = std::make_shared<HistoryRows>();
  rows->last_sequence = sequence;
  move_committed(sequence, &gathered_.attempts, &rows->attempts);
  move_committed(sequence, &gathered_.steps, &rows->steps);
  if (rows->size() != 0) hand_over(std::move(rows));
}

void HistoryDesk::hand_over(std::shared_ptr<const HistoryRows> rows) {
  if (overflow_) return;
  if (rows_ + rows->size() > most_ && rows_ != 0) {
    overflow_ = first_sequence(*rows);
    log_.error("history: " + std::to_string(rows_) + " rows wait already; those of fact " +
               std::to_string(*overflow_) +
               " and later are kept in the journal and made at the next start");
    gathered_ = {};
    return;
  }
  rows_ += rows->size();
  unwritten_.push_back({first_sequence(*rows), rows->last_sequence, rows});
  history_->append(std::move(rows));
}

void HistoryDesk::replayed(std::uint64_t sequence) {
  if (gathered_.size() < rows_per_batch_of_replay) return;
  committed(sequence);
  history_->catch_up();
}

void HistoryDesk::written(std::uint64_t sequence) {
  while (!unwritten_.empty() && unwritten_.front().last_sequence <= sequence) {
    if (const auto& rows = unwritten_.front().rows) rows_ -= rows->size();
    unwritten_.pop_front();
  }
  if (unwritten_.empty()) return;
  Handed& next = unwritten_.front();
  next.first_sequence = std::max(next.first_sequence, sequence + 1);
}

/// Neighbours become one, so that any number of them costs nothing.
void HistoryDesk::parked(std::uint64_t sequence) {
  std::deque<Handed> left;
  for (Handed& handed : unwritten_) {
    if (handed.last_sequence <= sequence && handed.rows != nullptr) {
      rows_ -= handed.rows->size();
      handed.rows.reset();
    }
    const bool joins = handed.rows == nullptr && !left.empty() && left.back().rows == nullptr;
    if (joins) {
      left.back().last_sequence = handed.last_sequence;
    } else {
      left.push_back(std::move(handed));
    }
  }
  unwritten_ = std::move(left);
}

void HistoryDesk::recovered(std::uint64_t sequence) {
  committed(sequence);
  if (held_ <= sequence) return;
  log_.error("history: history.db holds facts up to " + std::to_string(held_) +
             " and the journal only up to " + std::to_string(sequence) +
             ": the end of the journal was lost, or the two are not of one cluster");
  held_ = sequence;
}

std::uint64_t HistoryDesk::complete_to() const {
  if (!unwritten_.empty()) return unwritten_.front().first_sequence - 1;
  return overflow_ ? *overflow_ - 1 : committed_;
}

HistoryPage HistoryDesk::recent(HistoryFilter* filter) const {
  HistoryPage page;
  const auto look_at = [&](const HistoryRows& rows) {
    std::ranges::copy_if(rows.attempts, std::back_inserter(page.attempts),
                         [filter](const AttemptRow& row) { return matches(*filter, row); });
  };
  for (const Handed& handed : unwritten_) {
    if (handed.rows != nullptr) look_at(*handed.rows);
  }
  look_at(gathered_);
  // The writer names groups, of which the loop knows only the numbers.
  for (const AttemptRow& row : page.attempts) {
    if (row.group.empty()) filter->groups_of.push_back(row.gid);
  }
  if (!filter->with_steps) return page;
  // Steps of an attempt that has just ended may have been written long ago.
  for (const AttemptRow& row : page.attempts) filter->steps_of.push_back(row.key());
  const auto look_at_steps = [&page](const HistoryRows& rows) {
    std::ranges::copy(rows.steps, std::back_inserter(page.steps));
  };
  for (const Handed& handed : unwritten_) {
    if (handed.rows != nullptr) look_at_steps(*handed.rows);
  }
  look_at_steps(gathered_);
  return page;
}

void HistoryDesk::query(HistoryFilter filter, Done done) {
  if (history_ == nullptr) return done(HistoryPage{});
  HistoryPage newer = recent(&filter);
  const std::size_t limit = filter.limit;
  history_->query(std::move(filter), [newer = std::move(newer), limit,
                                      done = std::move(done)](Result<HistoryPage> older) mutable {
    if (!older) return done(older);
    for (AttemptRow& row : newer.attempts) {
      const auto name = older->groups.find(row.gid);
      if (row.group.empty() && name != older->groups.end()) row.group = name->second;
    }
    done(merged_pages(std::move(newer), std::move(*older), limit));
  });
}

HistoryPage merged_pages(HistoryPage newer, HistoryPage older, std::size_t limit) {
  std::map<AttemptKey, AttemptRow> attempts;
  for (AttemptRow& row : older.attempts) attempts.insert_or_assign(row.key(), std::move(row));
  for (AttemptRow& row : newer.attempts) attempts.insert_or_assign(row.key(), std::move(row));
  HistoryPage page;
  page.has_more = older.has_more || newer.has_more || attempts.size() > limit;
  for (auto& [key, row] : attempts) page.attempts.push_back(std::move(row));
  std::ranges::sort(page.attempts, std::ranges::greater{}, place_of);
  // What the file has more of lies behind its last row: rows of memory there belong to a later
  // page.
  if (page.attempts.size() > limit) page.attempts.resize(limit);
  std::map<StepKey, StepRow> steps;
  for (StepRow& row : older.steps) steps.insert_or_assign(row.key(), std::move(row));
  for (StepRow& row : newer.steps) steps.insert_or_assign(row.key(), std::move(row));
  std::map<AttemptKey, bool> wanted;
  for (const AttemptRow& row : page.attempts) wanted.emplace(row.key(), true);
  for (auto& [key, row] : steps) {
    if (wanted.contains({key.job, key.attempt})) page.steps.push_back(std::move(row));
  }
  return page;
}

}  // namespace cox::ctld
