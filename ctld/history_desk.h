// The loop's side of history.db: makes rows as facts are learned, hands them over once the facts
// last, answers for rows that are not written yet, and knows how much of the journal history still
// needs.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "core/fact.h"
#include "core/state.h"
#include "ctld/log.h"
#include "ctld/outside.h"
#include "ctld/store/history.h"

namespace cox::ctld {

class HistoryDesk {
 public:
  using Done = std::function<void(const Result<HistoryPage>&)>;

  /// Rows that may wait in memory. The writer parks them in a file long before; when it cannot,
  /// later rows are left to the journal: the next start makes them again.
  static constexpr std::size_t rows_max = 100'000;

  /// `history` may be null: then nothing is kept and nothing found.
  HistoryDesk(History* history, Log log, std::size_t most = rows_max);

  /// Before the journal is read: asks what the file holds, whose facts make no rows again.
  void begin();
  /// `fact`, number `sequence`, is about to be evolved into `state`. Live and at replay alike.
  void learn(const core::State& state, const core::Fact& fact, std::uint64_t sequence);
  /// `sequence`, the last one learned, was not evolved after all: its rows are taken back.
  void unlearn(std::uint64_t sequence);
  /// Facts up to here last, so their rows may be written.
  void committed(std::uint64_t sequence);
  /// During recovery, after each fact of the journal: lets the writer keep up.
  void replayed(std::uint64_t sequence);
  /// The journal was read; `sequence` is its last fact.
  void recovered(std::uint64_t sequence);
  /// Rows up to here are in the file: queries need no memory for them any more.
  void written(std::uint64_t sequence);
  /// Rows up to here wait outside of memory, until they are written. Queries do not find them.
  void parked(std::uint64_t sequence);

  /// What history holds, or will find in the journal no more: a checkpoint that stands at a fact
  /// behind this one must not replace the journal, whose facts would be missed at a restart.
  std::uint64_t complete_to() const;

  /// Newest end first, what is not written yet included. `done` runs within a turn, or at once.
  void query(HistoryFilter filter, Done done);

 private:
  /// Copies of rows in memory that `filter` wants, by reference to nothing.
  HistoryPage recent(HistoryFilter* filter) const;
  void hand_over(std::shared_ptr<const HistoryRows> rows);

  History* history_;
  Log log_;
  std::size_t most_;
  std::uint64_t held_ = 0;       // by the file when this controller began
  std::uint64_t committed_ = 0;  // facts that last
  HistoryRows gathered_;         // of facts that do not last yet

  /// Handed over and not written: a batch, or neighbours that are parked.
  struct Handed {
    std::uint64_t first_sequence = 0, last_sequence = 0;
    std::shared_ptr<const HistoryRows> rows;  // null: parked
  };

  std::deque<Handed> unwritten_;           // in order
  std::size_t rows_ = 0;                   // in memory, of unwritten_
  std::optional<std::uint64_t> overflow_;  // the first fact whose rows were left to the journal
};

/// Both, in the order of a page and each row once, at most `limit` attempts; `newer` wins.
HistoryPage merged_pages(HistoryPage newer, HistoryPage older, std::size_t limit);

}  // namespace cox::ctld
