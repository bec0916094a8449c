// ReportStuck: processes of a closing attempt that survive SIGKILL. The node's share stays taken,
// and it gets no new work, until it reports the attempt closed.
#include <algorithm>

#include "core/fleet/trouble.h"
#include "core/scene.h"

namespace cox::core {
namespace {

// A node has few of them; more would be a node that makes them up.
constexpr std::size_t stuck_max = 256;

/// The attempt is its job's there, or was found there when the node registered. What was reported
/// closed is neither: a copy of an older report would keep the node for ever.
bool is_there(const Scene& scene, const ReportStuck& ask) {
  if (held_job(scene.state, ask.job, ask.attempt, ask.node) != nullptr) return true;
  const auto& held = scene.contact.nodes[ask.node.value].held;
  return std::ranges::find(held, AttemptKey{ask.job, ask.attempt}) != held.end();
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const ReportStuck& ask) {
  if (!is_current(scene.contact, ask.node, ask.session) || !is_there(scene, ask)) return Facts{};
  const Node& node = scene.state.record.nodes[ask.node.value];
  const StuckAttempt* known = find_stuck(node, AttemptKey{ask.job, ask.attempt});
  const bool is_same =
      known != nullptr && known->processes == ask.processes && known->why == ask.why;
  if (is_same || (known == nullptr && node.stuck.size() >= stuck_max)) return Facts{};
  return Facts{NodeStuck{node.id, scene.now, ask.job, ask.attempt, ask.processes, ask.why}};
}

}  // namespace cox::core
