// What can go wrong in a simulated run, by name. Each run has some of these; the shrinker takes
// away what a failure does not need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace cox::faults {

enum class Kind : std::uint8_t {
  // Of the controller and its clients: no running job may notice any of them.
  controller_killed,  // the process dies, also in the middle of a commit
  power_cut,          // and with it what was not synced
  disk_slow,          // a commit takes seconds
  disk_full,          // for a while nothing can be written
  clock_forward,      // the wall clock jumps by up to hours
  clock_backward,     //
  client_cut,         // the connection breaks between request and answer
  client_resends,     // a submit that was answered is asked once more, late
  client_key_taken,   // a submit under a key of another user
  stale_message,      // a message to a node arrives again sessions and epochs later
  // Of connections.
  message_lost,     // and with it the connection, noticed by both ends a while later
  message_doubled,  //
  message_late,     //
  half_open,        // one end, or both, believe in a connection that carries nothing
  node_cut,         // noticed by the node at once
  // Of nodes.
  daemon_killed,       //
  attempt_files_lost,  // while the daemon is dead
  machine_stopped,     // tasks, supervisors and files are gone
  inventory_changed,   // the daemon comes back with less memory, or with all of it again
  twin,                // another machine under the same name
  supervisor_killed,   // in any phase of its step
  container_fails,     //
  spawn_fails,         //
  step_unprepared,     // the job's own fault: directory, output file
  term_ignored,        // tasks end only at KILL
  task_stuck,          // tasks end only when the kernel lets them go
  removal_busy,        // a container cannot be removed at the first try
  // Of administrators.
  config_changed,   // another configuration is applied, or an earlier one again
  partition_down,   // a partition is taken down, or brought up
  node_drained,     // a node is drained, or resumed
  node_taken_down,  // with what runs there
  turns_taken,      // the jobs of the partition share its nodes in turns
  jobs_suspended,   // operators suspend and resume jobs
  count_
};

inline constexpr std::size_t kinds_count = static_cast<std::size_t>(Kind::count_);
inline constexpr Kind last_unnoticed_kind = Kind::stale_message;
inline constexpr Kind first_administrators_kind = Kind::config_changed;

/// No running job may notice it.
constexpr bool is_unnoticed(Kind kind) {
  return kind <= last_unnoticed_kind ||
         (kind >= first_administrators_kind && kind != Kind::node_taken_down);
}

std::string_view name_of(Kind kind);

class KindSet {
 public:
  bool has(Kind kind) const { return (bits_ >> index(kind) & 1U) != 0; }

  void add(Kind kind) { bits_ |= std::uint64_t{1} << index(kind); }

  void remove(Kind kind) { bits_ &= ~(std::uint64_t{1} << index(kind)); }

  void remove(KindSet others) { bits_ &= ~others.bits_; }

  bool empty() const { return bits_ == 0; }

  /// "twin,disk_full"; empty text for none.
  std::string text() const;
  /// error: bad_usage names the word that is no kind
  static Result<KindSet> parse(std::string_view text);

 private:
  static unsigned index(Kind kind) { return static_cast<unsigned>(kind); }

  std::uint64_t bits_ = 0;
};

}  // namespace cox::faults
