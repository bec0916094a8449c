// Which ended jobs may leave State: those that the history has, after a time, or earlier when there
// are too many. docs/store.md section 4
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <tuple>
#include <vector>

#include "core/core.h"

namespace cox::ctld {

class Retention {
 public:
  /// A job of a checkpoint that holds the facts up to `sequence`.
  void restore(const core::Job& job, std::uint64_t sequence);
  /// An evolved fact and its number.
  void learn(const core::State& state, const core::Fact& fact, std::uint64_t sequence);
  /// Everything was restored and replayed. What ended later than `now`, by a clock that was put
  /// back since, counts as ended now.
  void begin(Instant now);
  /// Takes out some jobs that may be forgotten `now`, where the history holds the facts up to
  /// `history`. At most a turn's worth.
  std::vector<JobId> take_due(const core::State& state, Instant now, std::uint64_t history);

 private:
  struct Ended {
    Instant ended;
    JobId job;
    std::uint64_t sequence;

    friend bool operator>(const Ended& a, const Ended& b) {
      return std::tie(a.ended, a.job) > std::tie(b.ended, b.job);
    }
  };

  using Queue = std::priority_queue<Ended, std::vector<Ended>, std::greater<>>;

  Queue ended_;
};

}  // namespace cox::ctld
