// What of State is kept where: begins checkpoints, hands their chunks on between turns, says when
// one may become valid, and lets the journal be cut behind it. docs/store.md
#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"
#include "ctld/log.h"
#include "ctld/machine.h"
#include "ctld/outside.h"
#include "model/time.h"

namespace cox::ctld {

/// How much is journaled between two checkpoints: it is replayed at a restart. Whichever is first.
struct KeeperLimits {
  std::uint64_t facts = 100'000;
  std::uint64_t bytes = 32U << 20;
  Duration retry_after = seconds(30);  // when a checkpoint could not be written
};

class Keeper {
 public:
  Keeper(Machine& machine, Journal& journal, Checkpoints* checkpoints, Log log);

  void set_limits(const KeeperLimits& limits) { limits_ = limits; }

  /// The journal was read from after `sequence`, the last checkpoint's, up to the machine's last.
  void recovered(std::uint64_t sequence);
  /// After the turn's batch was handed to the journal.
  void end_turn(std::uint64_t facts, std::uint64_t bytes);
  /// Encodes one more chunk. False when there is nothing to do now.
  bool step();
  void committed(std::uint64_t sequence);
  void history_written_to(std::uint64_t sequence);

  std::optional<std::uint64_t> history() const { return history_; }

  void lasted(std::uint64_t sequence);
  void failed(const Error& error);
  /// At the very end, when everything lasts: a checkpoint of all that changed, without slices.
  void finish();

 private:
  void begin();
  void hand_on();
  void make_valid_when_due();
  /// Facts up to here are in the journal for good, and in the history where there is one.
  std::uint64_t settled() const;

  Machine& machine_;
  Journal& journal_;
  Checkpoints* checkpoints_;
  Log log_;
  KeeperLimits limits_;
  std::uint64_t facts_ = 0;  // since the last checkpoint began, as the next
  std::uint64_t bytes_ = 0;
  std::uint64_t committed_ = 0;
  std::optional<std::uint64_t> history_;  // nothing: no history is kept
  Instant not_before_;                    // of the next checkpoint, after a failure
  bool is_handed_on_ = false;             // make_valid was asked for
};

}  // namespace cox::ctld
