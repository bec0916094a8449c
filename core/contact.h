// What the controller hears and nobody journals: sessions, heartbeats, answers on the way to a
// release. Lost at a restart and heard again when nodes reconnect.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/bitset.h"
#include "core/request.h"
#include "model/ids.h"
#include "model/time.h"

namespace cox::core {

struct NodeContact {
  Session session;     // 0: not connected
  Instant registered;  // when that connection began
  Instant last_heard;  // of any message; a new controller starts counting at its own start
  std::vector<AttemptKey> held;  // as it registered, but for those reported closed since
};

/// Answers collected for an attempt or a step until they are complete.
struct Answers {
  std::map<NodeId, std::string> prepared;  // endpoint of the supervisor, may be empty
  std::map<NodeId, StepResult> ended;
  std::set<NodeId> closed;  // attempts: reported Closed, not yet freed
};

struct Contact {
  Instant started;                 // of this controller
  Instant clock_set;               // when the wall clock was put forward, if it was
  std::vector<NodeContact> nodes;  // by NodeId
  std::map<AttemptKey, Answers> attempts;
  std::map<StepKey, Answers> steps;
  Bitset silent;                 // connected but not heard, as of the last CheckTime
  Bitset cluttered;              // holds an attempt that is no job's: its cores may be in use
  std::uint64_t generation = 0;  // grows when the set of connected, heard nodes changes

  bool is_connected(NodeId node) const;
  /// Its tasks may still run, whatever became of their job; it gets no new work before they ended.
  bool is_cluttered(NodeId node) const;
  /// Heard within `silent_after`; only such nodes get new work.
  bool is_heard(NodeId node, Instant now, Duration silent_after) const;
};

/// The wall clock was put forward by `jump`, to `now`: nobody was silent for that long.
void put_forward(Contact& contact, Instant now, Duration jump);
/// Nobody was listened to for `span` before `now`: nobody was silent for that long.
void excuse_silence(Contact& contact, Instant now, Duration span);

}  // namespace cox::core
