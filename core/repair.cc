// Facts about one job touch the index of its nodes only; any other fact is undone the slow way.
#include "core/repair.h"

#include <algorithm>
#include <type_traits>
#include <variant>

#include "core/fairshare/usage.h"
#include "core/fleet/ledger.h"
#include "core/job/lifecycle.h"
#include "core/job/step_queue.h"
#include "core/job/waits.h"

namespace cox::core {
namespace {

void add_nodes(const Allocation& allocation, std::vector<NodeId>* nodes) {
  for (const NodeShare& share : allocation.nodes) nodes->push_back(share.node);
}

/// Counts a node's free amounts again, from the shares of the jobs listed there and of `job`.
void recount(State& state, NodeId id, const Job* job) {
  if (id.value >= state.record.nodes.size()) return;
  const Node& node = state.record.nodes[id.value];
  auto holders = std::move(state.index.jobs_on_node[id.value]);
  state.index.jobs_on_node[id.value].clear();
  state.index.apart_on_node.erase(id);
  state.index.free[id.value] = whole_node(node, state.class_of(node));
  const auto take_of = [&](const Job& one) {
    if (!holds_share(one, id)) return;
    take(state.index, one, one.run->allocation.nodes[*node_position(one, id)]);
  };
  for (const JobId holder : holders) {
    if (job == nullptr || holder != job->id) take_of(*state.find_job(holder));
  }
  if (job != nullptr) take_of(*job);
}

}  // namespace

JobId job_of(const Fact& fact) {
  return std::visit(
      [](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        constexpr bool is_about_node = std::is_same_v<One, NodeBackedOff> ||
                                       std::is_same_v<One, NodeStuck> ||
                                       std::is_same_v<One, NodeUnstuck>;
        if constexpr (std::is_same_v<One, ElementSplit>) {
          return one.array;
        } else if constexpr (!is_about_node && requires { one.job; }) {
          return one.job;
        } else {
          return JobId{};
        }
      },
      fact);
}

Undo::Undo(const State& state, const Fact& fact)
    : id_(job_of(fact)),
      pending_(state.index.pending),
      live_(state.index.live),
      licenses_used_(state.index.licenses_used),
      turns_(state.record.turns),
      has_turns_(!state.index.sliced.empty()) {
  if (const auto* started = std::get_if<JobStarted>(&fact)) {
    add_nodes(started->allocation, &nodes_);
    has_turns_ = has_turns_ || started->allocation.row != 0;
  }
  if (id_ == JobId{}) return;
  const auto* split = std::get_if<ElementSplit>(&fact);
  if (split != nullptr && state.find_job(split->job) == nullptr) element_ = split->job;
  remember_usage(state, fact);
  const Job* job = state.find_job(id_);
  if (const auto* submitted = std::get_if<JobSubmitted>(&fact)) {
    uid_ = submitted->request.common->user.uid;
  } else if (job != nullptr) {
    uid_ = job->request.common->user.uid;
  }
  const auto& counts = state.index.unended_of_user;
  if (const auto found = counts.find(uid_); found != counts.end()) {
    unended_of_user_ = found->second;
  }
  if (job == nullptr) return;
  job_ = *job;
  if (const Job* array = state.find_job(job->array)) array_ = *array;
  add_nodes(job->run->allocation, &nodes_);
}

void Undo::remember_usage(const State& state, const Fact& fact) {
  const UsageRecord& usage = state.record.usage;
  had_counted_ = usage.has_counted;
  const Job* job = state.find_job(id_);
  const JobRequest* request = job == nullptr ? nullptr : &job->request;
  if (const auto* submitted = std::get_if<JobSubmitted>(&fact)) request = &submitted->request;
  if (const auto* updated = std::get_if<JobUpdated>(&fact)) request = &updated->request;
  const bool is_changed = std::holds_alternative<JobSubmitted>(fact) ||
                          std::holds_alternative<JobUpdated>(fact) ||
                          std::holds_alternative<NodeFreed>(fact);
  if (request == nullptr || !is_changed) return;
  user_ = association_of(state.record.settings, *request);
  if (const auto known = usage.of.find(*user_); known != usage.of.end()) usage_ = known->second;
}

void Undo::restore(State& state) const {
  if (user_) {
    state.record.usage.has_counted = had_counted_;
    if (usage_) {
      state.record.usage.of[*user_] = *usage_;
    } else {
      state.record.usage.of.erase(*user_);
    }
  }
  state.record.turns = turns_;
  if (id_ != JobId{}) restore_job(state);
  if (array_) state.record.jobs.insert(*array_);
  if (element_ != JobId{}) state.record.jobs.erase(element_);
  if (id_ == JobId{} || array_ || element_ != JobId{} || has_turns_) {
    state.index = rebuild_index(state.record, state.index.job_by_key.seed());
  } else {
    rebuild_waits(state.index, state.record);  // evolve() may have been in the middle of it
    look_for_due_step(state.index, state.record, id_);
  }
}

void Undo::restore_job(State& state) const {
  const Job* job = nullptr;
  if (job_) {
    job = &state.record.jobs.insert(*job_);
  } else {
    state.record.jobs.erase(id_);
  }
  std::vector<NodeId> nodes = nodes_;
  std::ranges::sort(nodes);
  nodes.erase(std::ranges::unique(nodes).begin(), nodes.end());
  // Who takes turns stands in a matrix as well, and all of the index is made anew.
  if (has_turns_) return;
  for (const NodeId node : nodes) recount(state, node, job);
  if (job != nullptr && job->phase != JobPhase::ended) {
    state.index.unended.insert(id_);
  } else {
    state.index.unended.erase(id_);
  }
  state.index.pending = pending_;
  if (unended_of_user_ != 0) {
    state.index.unended_of_user[uid_] = unended_of_user_;
  } else {
    state.index.unended_of_user.erase(uid_);
  }
  state.index.live = live_;
  state.index.licenses_used = licenses_used_;
}

}  // namespace cox::core
