// The plan beside State: classes of pending jobs, their heads, reason codes, sleepers. A cache that
// learns by observe(); dropping it may cost time, never change a decision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/contact.h"
#include "core/core.h"
#include "core/policy/priority.h"
#include "core/policy/select.h"
#include "core/schedule/places.h"
#include "core/schedule/timeline.h"
#include "core/state.h"

namespace cox::core {

struct Policies {
  const SelectPolicy* select = nullptr;
  const PriorityPolicy* priority = nullptr;
};

/// Why a class does not start: one code and one number.
struct Blocked {
  Reason code = Reason::none;
  std::uint64_t amount = 0;
};

struct PartitionQueue;
class Reservations;

class Plan {
 public:
  explicit Plan(Policies policies);
  ~Plan();
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;

  /// Learns from an evolved fact. Also call for facts made by step().
  void observe(const State& state, const Fact& fact);
  /// Something outside State changed: a node was heard again or fell silent.
  void contact_changed();
  /// Forgets everything; the next step() rebuilds from `state`.
  void drop();

  /// Looks at up to `steps` class heads and returns the starts decided; the caller evolves and
  /// observes them before the next call. `done` is set when nothing is left to look at now.
  Facts step(
      const State& state, const Contact& contact, Instant now, std::size_t steps, bool* done);
  /// Next instant at which a begin time lets something wake; unset when none.
  Instant next_wake() const;

  Blocked blocked(const State& state, JobId job) const;

  struct Queues;

 private:
  /// Tries the head of `partition`: its start, or nothing and the reason kept.
  Facts look(const State& state, const Contact& contact, PartitionQueue& partition);
  /// Goes on behind the jobs that wait: a start, or nothing. `more`: there is more to look at.
  Facts backfill(const State& state, const Contact& contact, bool* more);
  Facts start_behind(const State& state, const Contact& contact, std::size_t which);
  /// Filters some more classes; false when all are.
  bool filter_classes();
  const Reservations& reserve(const State& state, const Contact& contact);
  std::optional<Allocation> keep_promises(const State& state,
                                          const Contact& contact,
                                          PartitionQueue& partition,
                                          const Job& job,
                                          Allocation allocation,
                                          const std::optional<Place>& above);
  bool has_promises_above(const Place& place) const;
  /// Plans the next job of all in order: its start when that is now, else a reservation.
  Facts plan_next(const State& state, const Contact& contact, bool* more);
  void begin_plan(const State& state, const Contact& contact);
  Facts start_planned(const State& state,
                      PartitionQueue& partition,
                      const Job& job,
                      const Allocation& allocation);
  std::optional<Allocation> place_planned(const State& state,
                                          const Contact& contact,
                                          const Place& place,
                                          std::size_t which,
                                          bool fits_lane);
  void reserve_planned(const State& state,
                       const Contact& contact,
                       const Place& place,
                       std::size_t which);
  /// Finds out whether one class that is not at the head can fit at all. False: all are known.
  bool check_class(const State& state, const Contact& contact);

  std::unique_ptr<Queues> queues_;
};

/// One test of a verdict: "free cores: 3 of 4 nodes fail".
struct VerdictCheck {
  std::string name;
  bool passed;
  std::string detail;
  std::uint64_t amount;
};

struct Verdict {
  Reason code = Reason::none;
  std::uint64_t amount = 0;
  std::string summary;
  std::vector<VerdictCheck> checks;
  std::string next_event;
  std::string nodes{};       // compact list: where it can start now
  Instant expected_start{};  // unset: not in sight
  bool is_estimate = false;
  std::vector<JobId> behind{};  // running jobs that are expected to end then
};

/// The full answer to "why does it wait?", computed when asked by the same tests as the pass.
/// `index`: of an array, this element of its remainder; else the first.
Verdict explain(const State& state,
                const Contact& contact,
                Instant now,
                Policies policies,
                JobId job,
                std::optional<std::uint32_t> index = {});
/// The same for a job that is not submitted: what would become of it now?
Verdict foretell(const State& state,
                 const Contact& contact,
                 Instant now,
                 Policies policies,
                 const JobSubmitted& submitted);

}  // namespace cox::core
