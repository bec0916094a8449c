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

namespace cox::faults {

/// Tasks of one step on one node.
struct RunPlace {
  StepKey step;
  std::string node;
  friend auto operator<=>(const RunPlace&, const RunPlace&) = default;
};

class Watch {
 public:
  void tasks_started(const RunPlace& place, const Bitset& cores, bool stand) {
    ++starts_[place];
    live_.insert(place);
    if (stand) {
      standing_.insert(place);
    } else {
      look_for_neighbours(place, cores);
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
    if (standing_.erase(place) != 0) look_for_neighbours(place, cores_[place]);
  }

  void tasks_ended(const RunPlace& place) {
    live_.erase(place);
    standing_.erase(place);
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
  /// Whatever the ledger says: no core is two attempts' at once.
  void look_for_neighbours(const RunPlace& place, const Bitset& cores) {
    for (const auto& [other, taken] : cores_) {
      if (standing_.contains(other)) continue;
      if (other.node != place.node || attempt_of(other) == attempt_of(place)) continue;
      Bitset both = taken;
      both &= cores;
      if (both.none()) continue;
      complain("tasks of " + text_of(place) + " were started on cores " + both.to_ranges() +
               " of " + place.node + ", on which those of " + text_of(other) + " run");
    }
  }

  static AttemptKey attempt_of(const RunPlace& place) {
    return {place.step.job, place.step.attempt};
  }

  static std::string text_of(const RunPlace& place) {
    return "job " + std::to_string(place.step.job.value) + " attempt " +
           std::to_string(place.step.attempt.value);
  }

  std::map<RunPlace, Bitset> cores_;  // of those that live
  std::map<RunPlace, int> starts_;
  std::set<RunPlace> live_, standing_;
  std::vector<std::string> complaints_;
};

}  // namespace cox::faults
