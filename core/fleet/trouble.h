// Nodes on which starts fail or processes do not die: a decaying score, times without new work that
// grow with it, and in the end the node is set aside. All in facts and integers.
#pragma once

#include <string>

#include "core/job/endings.h"
#include "core/scene.h"
#include "core/state.h"

namespace cox::core {

inline constexpr std::uint32_t score_of_failure = 1000;
/// From here on a node is set aside until somebody resumes it.
inline constexpr std::uint32_t score_of_quarantine = 4500;
/// A score halves in this time, and with each attempt that ran well.
inline constexpr Duration score_half_life = minutes(30);
inline constexpr Duration back_off_max = minutes(10);

/// The score of failed starts as of `now`, in thousandths of a failure. Between two half-lives it
/// falls in a straight line.
std::uint32_t score_at(const Node& node, Instant now);

/// A start of `job` failed by the node's fault: it gets no work for a while, or no more at all.
/// Failures while it backs off belong to the same trouble and make no fact.
void blame_node(
    const Scene& scene, Endings& endings, const Node& node, JobId job, const std::string& why);

/// A program of the node's own failed there: no more work until somebody resumes it. One that is
/// aside by people's or the controller's word stays as it is.
void condemn_node(const Scene& scene, Endings& endings, const Node& node, const std::string& why);

/// An attempt that began here ended without a word against the node: half of what is held against
/// it is forgotten. Only evolve() calls it, for facts that name the node.
void trust_node(State& state, NodeId node, Instant at);

/// Nothing is held against the node any more. Only evolve() calls it.
void forgive_node(State& state, Node& node);

/// It starts anew, or is to as soon as it can.
bool is_before_reboot(const Node& node);

/// Neither set aside nor lost, nor backing off, nor with processes that do not die, nor about to
/// start anew.
bool takes_work(const Node& node);

/// The entry for an attempt that is stuck on the node; null without one.
const StuckAttempt* find_stuck(const Node& node, AttemptKey key);

/// "job 7: 2 processes survive SIGKILL: pid 12 (dd) ..." for each stuck attempt, joined.
std::string stuck_text(const State& state, const Node& node);
/// "node n2: a process survives SIGKILL: ..." for each node where the job's end is stuck, joined.
std::string stuck_text(const State& state, const Job& job);

}  // namespace cox::core
