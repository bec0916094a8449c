// Licences as the pass sees them: what is free of each pool now, and what will be.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/core.h"
#include "core/schedule/profile.h"
#include "core/schedule/timeline.h"
#include "core/state.h"

namespace cox::core {

using Licenses = std::vector<LicenseRequest>;

/// What the request wants of them; a reference into it.
const Licenses& licenses_of(const JobRequest& request);

struct LicenseRoom {
  LicenseRequest asked;
  std::uint64_t total = 0, used = 0;

  /// A pool may be made smaller than what is used of it.
  std::uint64_t free() const { return used < total ? total - used : 0; }

  std::uint64_t missing() const { return asked.count > free() ? asked.count - free() : 0; }
};

std::vector<LicenseRoom> license_rooms(const State& state, const Licenses& asked);
/// Of all kinds together; 0: the job could have its licences now.
std::uint64_t licenses_missing(const State& state, const Licenses& asked);
/// error: refused, where the configuration has too few of them or none, whoever holds them
Result<void> check_licenses(const Settings& settings, const Licenses& asked);

/// Jobs that hold of `name`, with how many, by id.
std::vector<std::pair<JobId, std::uint32_t>> license_holders(const State& state,
                                                             const std::string& name);
/// "2 asked, 1 of 10 free, 5 held by job 12, 4 by job 13".
std::string license_room_text(const State& state, const LicenseRoom& room);

/// What is free of each pool over time: as running jobs end by their limits, and reserved ones
/// take.
class LicenseTimeline {
 public:
  LicenseTimeline() = default;
  LicenseTimeline(const State& state, const Running& running, Instant now);

  /// From now to `end`.
  bool lasts_from_now(const Licenses& asked, Second end) const;
  /// The first second >= `from` from which on they are free for `length`; nothing: never.
  std::optional<Second> earliest(const Licenses& asked, Second from, Duration length) const;
  void take(const Licenses& asked, Second from, Second to);

  void take_from_now(const Licenses& asked, Second end) { take(asked, now_, end); }

 private:
  const Profile* pool(const std::string& name) const;

  Second now_ = 0;
  std::map<std::string, Profile> pools_;
};

}  // namespace cox::core
