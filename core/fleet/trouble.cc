// See trouble.h.
#include "core/fleet/trouble.h"

#include <algorithm>

#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

constexpr std::uint32_t halvings_max = 31;

/// Doubles with each whole failure that the score holds.
Duration pause_for(std::uint32_t score, Duration first) {
  const std::uint32_t failures = (score + score_of_failure / 2) / score_of_failure;
  std::int64_t us = first.us;
  for (std::uint32_t i = 1; i < failures && us < back_off_max.us; ++i) us *= 2;
  return microseconds(std::min(us, std::max(back_off_max.us, first.us)));
}

std::string survivors(const StuckAttempt& one) {
  const std::string count = one.processes == 1
                                ? std::string("a process survives")
                                : std::to_string(one.processes) + " processes survive";
  return count + " SIGKILL" + (one.why.empty() ? "" : ": " + one.why);
}

}  // namespace

std::uint32_t score_at(const Node& node, Instant now) {
  if (node.score == 0 || now <= node.scored) return node.score;
  const std::int64_t elapsed_us = (now - node.scored).us;
  const std::int64_t halvings = elapsed_us / score_half_life.us;
  if (halvings > halvings_max) return 0;
  const std::int64_t whole = node.score >> halvings;
  const std::int64_t rest_us = elapsed_us % score_half_life.us;
  return static_cast<std::uint32_t>(whole - whole * rest_us / (2 * score_half_life.us));
}

void blame_node(
    const Scene& scene, Endings& endings, const Node& node, JobId job, const std::string& why) {
  if (node.aside != Aside::none || node.backed_off_until.is_set()) return;
  const std::uint32_t score = score_at(node, scene.now) + score_of_failure;
  const Duration pause = pause_for(score, scene.state.record.settings.back_off);
  endings.add(NodeBackedOff{node.id, scene.now, job, score, scene.now + pause, why});
  if (score < score_of_quarantine) return;
  const std::uint32_t failures = (score + score_of_failure / 2) / score_of_failure;
  endings.add(NodeSetAside{node.id, scene.now, Aside::failed,
                           std::to_string(failures) + " starts failed, the last: " + why, 0});
}

void condemn_node(const Scene& scene, Endings& endings, const Node& node, const std::string& why) {
  if (node.aside != Aside::none && node.aside != Aside::unhealthy) return;
  endings.add(NodeSetAside{node.id, scene.now, Aside::failed, why, 0});
}

void trust_node(State& state, NodeId id, Instant at) {
  Node& node = state.record.nodes[id.value];
  if (node.score == 0) return;
  state.index.avoided.erase({node.failed_job, node.id});
  node.failed_job = JobId{};
  node.score = score_at(node, at) / 2;
  if (node.score < score_of_failure / 4) node.score = 0;
  node.scored = node.score == 0 ? Instant{} : at;
}

void forgive_node(State& state, Node& node) {
  state.index.avoided.erase({node.failed_job, node.id});
  node.failed_job = JobId{};
  node.score = 0;
  node.scored = node.backed_off_until = Instant{};
}

bool is_before_reboot(const Node& node) {
  return node.reboot.asked.is_set() && (node.reboot.asap || node.reboot.begun.is_set());
}

bool takes_work(const Node& node) {
  return node.aside == Aside::none && !node.is_lost && !node.backed_off_until.is_set() &&
         node.stuck.empty() && !is_before_reboot(node);
}

const StuckAttempt* find_stuck(const Node& node, AttemptKey key) {
  const auto found = std::ranges::find_if(node.stuck, [&key](const StuckAttempt& one) {
    return one.job == key.job && one.attempt == key.attempt;
  });
  return found == node.stuck.end() ? nullptr : &*found;
}

std::string stuck_text(const State& state, const Node& node) {
  std::string text;
  for (const StuckAttempt& one : node.stuck) {
    text += (text.empty() ? "" : "; ") + job_text(state, one.job) + ": " + survivors(one);
  }
  return text;
}

std::string stuck_text(const State& state, const Job& job) {
  std::string text;
  if (job.phase != JobPhase::ending) return text;
  for (const NodeShare& share : job.run->allocation.nodes) {
    const Node& node = state.record.nodes[share.node.value];
    const StuckAttempt* stuck = find_stuck(node, AttemptKey{job.id, job.attempt});
    if (stuck == nullptr) continue;
    text += (text.empty() ? "" : "; ") + ("node " + node.name) + ": " + survivors(*stuck);
  }
  return text;
}

}  // namespace cox::core
