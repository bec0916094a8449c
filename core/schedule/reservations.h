// Jobs that are promised a start: when, where, and what may still start before them. A function of
// State and the moment, so that it may be forgotten and found again at any time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/schedule/places.h"
#include "core/schedule/prospect.h"
#include "core/schedule/timeline.h"

namespace cox::core {

/// The first job of a partition that has to wait.
struct Head {
  Place place;
  std::size_t partition = 0;  // in the settings
};

struct Reservation {
  Head head;
  Second start = second_never, end = second_never;
  bool is_alone = false;  // no other partition shares nodes with its own
  Bitset nodes;           // exact; where it is alone, as it would choose them and only when needed
  std::unique_ptr<Prospect> prospect;  // at `start`; null when it is never
  Licenses licenses{};
};

/// Jobs above `before` only; all of them without it.
using Above = std::optional<Place>;

class Reservations {
 public:
  /// `heads` in order of their places; `ready` by partition.
  void rebuild(const State& state,
               const Timeline& running,
               const LicenseTimeline& licenses,
               const std::vector<Head>& heads,
               const std::vector<const Bitset*>& ready);
  /// Where parts are taken from `start` on: the first start at which they may be, no earlier.
  using Allowed =
      std::function<std::optional<Second>(const std::vector<Part>& parts, Second start)>;
  /// One more, with exact nodes, at its first start >= `not_before` on `timeline` that is allowed;
  /// the timelines then have what it takes. Nothing when it never starts, or where too many starts
  /// in a row were not allowed.
  std::optional<Second> add(const State& state,
                            Timeline& timeline,
                            LicenseTimeline& licenses,
                            const Head& head,
                            const Bitset& ready,
                            Second not_before,
                            const Allowed& allowed);
  void clear();

  bool is_known() const { return is_known_; }

  const std::vector<Reservation>& all() const { return all_; }

  /// A job of at least `cores` cores of `partition` that ends at `end` need not even be placed.
  bool refuses(std::size_t partition, std::uint64_t cores, Second end) const;
  /// No promise is broken by a job that holds `allocation` from now to `end`.
  bool allows(const Allocation& allocation,
              const JobRequest& request,
              Second end,
              const Above& above);
  /// Likewise by one that holds licenses.
  bool allows_licenses(const Licenses& asked, Second end, const Above& above) const;
  /// `ready` without the nodes of those whose start comes before `end`; nothing when none does.
  std::optional<Bitset> around(const Bitset& ready, Second end, const Above& above);
  /// Such a job has started.
  void started(const Allocation& allocation, const JobRequest& request, Second end);

 private:
  bool is_known_ = false;
  std::vector<Reservation> all_;
  LicenseTimeline licenses_;  // of what runs
};

}  // namespace cox::core
