// What a watcher outside of the system would see: which tasks really ran, where and when. The
// promises are checked against this, not against what the system believes.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/bitset.h"
#include "model/ids.h"
#include "model/time.h"
#include "testsuite/faults/timeline.h"

namespace cox::faults {

/// Tasks of one step on one node.
struct RunPlace {
  StepKey step;
  std::string node;
  friend auto operator<=>(const RunPlace&, const RunPlace&) = default;
};

class Watch {
 public:
  explicit Watch(const Timeline& timeline) : timeline_(timeline) {}

  /// Jobs share nodes in turns: what is being ended may run beside the row that goes on.
  bool takes_turns = false;

  void tasks_started(const RunPlace& place, const Bitset& cores, bool stand) {
    ++starts_[place];
    live_.insert(place);
    if (stand) {
      standing_.insert(place);
    } else {
      begins_to_run(place, cores);
    }
    cores_[place] = cores;
    if (starts_[place] > 1) {
      complain("tasks of job " + std::to_string(place.step.job.value) + " attempt " +
               std::to_string(place.step.attempt.value) + " step " + step_name(place.step.step) +
               " started twice on " + place.node);
    }
  }

  /// Tasks that stand still use no core; they are there all the same.
  void tasks_stand(const RunPlace& place, bool stands) {
    if (stands) {
      standing_.insert(place);
      return;
    }
    if (standing_.erase(place) != 0) begins_to_run(place, cores_[place]);
  }

  /// Its node was told to end them, which begins with their going on.
  void tasks_shall_end(const RunPlace& place) { ending_.insert(place); }

  bool stands(const RunPlace& place) const { return standing_.contains(place); }

  /// An operator made the attempt stand still, at that time.
  void suspended(AttemptKey attempt, Instant at) { suspended_.emplace(attempt, at); }

  void not_suspended(AttemptKey attempt) { suspended_.erase(attempt); }

  /// The record says that it ends: its nodes are to hear of it next, and it goes on until then.
  void attempt_ends(AttemptKey attempt) {
    suspended_.erase(attempt);
    ending_attempts_.insert(attempt);
  }

  /// Nothing of it is so, as far as the journal goes.
  void forget_attempts() {
    suspended_.clear();
    ending_attempts_.clear();
  }

  void tasks_ended(const RunPlace& place) {
    live_.erase(place);
    standing_.erase(place);
    ending_.erase(place);
    cores_.erase(place);
  }

  const std::set<RunPlace>& live() const { return live_; }

  /// True when a task of the attempt ever ran, anywhere.
  bool ran(JobId job, Attempt attempt) const {
    for (const auto& [place, count] : starts_) {
      if (place.step.job == job && place.step.attempt == attempt) {
        return true;
      }
    }
    return false;
  }

  void complain(std::string what) { complaints_.push_back(std::move(what)); }

  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  // What its node was told before is on its way for so long, at most: a late message keeps others
  // back, and a connection may break and be made anew.
  static constexpr Duration told_within = seconds(10);

  void begins_to_run(const RunPlace& place, const Bitset& cores) {
    if (!takes_turns || !shall_end(place)) look_for_neighbours(place, cores);
    const auto suspended = suspended_.find(attempt_of(place));
    if (suspended == suspended_.end() || shall_end(place) ||
        timeline_.now() < suspended->second + told_within)
      return;
    complain("tasks of " + text_of(place) + " go on on " + place.node +
             ", though it has been suspended for long");
  }

  /// Whatever the ledger says: no core is two attempts' at once.
  void look_for_neighbours(const RunPlace& place, const Bitset& cores) {
    for (const auto& [other, taken] : cores_) {
      if (standing_.contains(other) || (takes_turns && shall_end(other))) continue;
      if (other.node != place.node || attempt_of(other) == attempt_of(place)) continue;
      Bitset both = taken;
      both &= cores;
      if (both.none()) continue;
      complain("tasks of " + text_of(place) + " were started on cores " + both.to_ranges() +
               " of " + place.node + ", on which those of " + text_of(other) + " run");
    }
  }

  bool shall_end(const RunPlace& place) const {
    return ending_.contains(place) || ending_attempts_.contains(attempt_of(place));
  }

  static AttemptKey attempt_of(const RunPlace& place) {
    return {place.step.job, place.step.attempt};
  }

  static std::string text_of(const RunPlace& place) {
    return "job " + std::to_string(place.step.job.value) + " attempt " +
           std::to_string(place.step.attempt.value);
  }

  const Timeline& timeline_;
  std::map<RunPlace, Bitset> cores_;  // of those that live
  std::map<RunPlace, int> starts_;
  std::set<RunPlace> live_, standing_, ending_;
  std::map<AttemptKey, Instant> suspended_;
  std::set<AttemptKey> ending_attempts_;
  std::vector<std::string> complaints_;
};

}  // namespace cox::faults
