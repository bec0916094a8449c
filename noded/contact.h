// When the controller was heard last, by the monotonic clock, and what follows from it: heartbeats
// that ask for an answer, a connection that is given up, and the lease of the tasks where
// fence = "self".
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "model/time.h"

namespace cox::noded {

/// What a registration settles; zeroes from a controller that knows nothing of it.
struct ContactTerms {
  Duration silent_after;     // 0: the controller answers no heartbeat
  Duration fence_after;      // 0: no fence
  Duration fence_kill_wait;  // between TERM and KILL of a fenced task
};

/// Instants are those of a monotonic clock. An answer proves that the controller heard what it
/// answers, so contact counts from the sending: what the controller holds for silence is never
/// longer than what this node does.
class ContactClock {
 public:
  void registration_sent(Duration now);
  /// The controller took the registration.
  void registered(const ContactTerms& terms, Duration now);

  void change_terms(const ContactTerms& terms) { terms_ = terms; }

  /// Anything came.
  void frame_came(Duration now) { heard_ = now; }

  /// The number of the next heartbeat: not 0 when it asks for an answer.
  std::uint64_t next_heartbeat(Duration now);
  /// An answer to heartbeat `number`. False when nobody asked.
  bool answered(std::uint64_t number);
  /// Asked about once a second while in session: nothing came for so long that the connection must
  /// be dead. Not after a pause of this process, which may have left answers unread.
  bool is_dead(Duration now);
  /// While not in session: the controller owes its answer to the registration for too long.
  bool is_registration_late(Duration now) const;
  /// How much longer tasks may run, at least 1 us; nothing without fence or before any contact.
  std::optional<Duration> lease_left(Duration now) const;

  const ContactTerms& terms() const { return terms_; }

 private:
  Duration ask_every() const;

  ContactTerms terms_;
  std::optional<Duration> contact_;
  Duration registration_sent_, heard_, asked_, looked_;
  std::uint64_t last_number_ = 0;
  std::deque<std::pair<std::uint64_t, Duration>> open_;  // asked, not answered
};

}  // namespace cox::noded
