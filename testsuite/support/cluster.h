// A controller core with nodes that answer at once, without a network: decide, evolve, react and
// plan as the daemon drives them. What a node gets is kept, so that tests may answer by hand as
// well.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/core.h"
#include "core/job/waits.h"
#include "core/schedule/plan.h"
#include "plugins/priority/fifo/fifo.h"
#include "plugins/priority/multifactor/multifactor.h"
#include "plugins/select/topology/topology.h"
#include "testsuite/support/builders.h"

namespace cox::testing {

/// Jobs start in order of their submits, and nothing overtakes.
inline Settings in_order() {
  Settings settings;
  settings.priority = "fifo";
  settings.backfill = "none";
  return settings;
}

/// The same, but for what may overtake.
inline Settings in_order_with(const std::string& backfill) {
  Settings settings = in_order();
  settings.backfill = backfill;
  return settings;
}

class Cluster {
 public:
  explicit Cluster(const FleetBuilder& kind = fleet(), const Settings& settings = in_order())
      : policies_{&select_, settings.priority == "multifactor"
                                ? static_cast<const core::PriorityPolicy*>(&multifactor_)
                                : &fifo_},
        plan_(std::make_unique<core::Plan>(policies_)) {
    ask(core::BeginEpoch{});
    ask(core::ApplySettings{root(), settings});
    for (const NodeInventory& node : kind.build()) connect(node);
  }

  /// One turn: observe, decide, evolve, react. Effects wait in `sent` until nodes answer.
  Result<core::Facts> ask(const core::Request& request) {
    core::observe(contact, state, now, request);
    auto facts = core::decide(state, contact, now, request);
    if (!facts.has_value()) return facts;
    for (const core::Fact& fact : *facts) take(fact);
    if (facts->empty()) send(core::answer(state, contact, request));
    if (const auto* node = std::get_if<core::RegisterNode>(&request)) {
      const auto id = state.node_named(node->inventory.name);
      send(core::reconcile(state, contact, *id, node->held));
    }
    settle();
    return facts;
  }

  /// What follows from a change for the jobs and nodes that waited for it.
  void settle() {
    while (core::has_unsettled(state)) {
      const auto facts = core::decide(state, contact, now, core::SettleWaits{});
      for (const core::Fact& fact : *facts) take(fact);
      if (facts->empty()) break;
    }
    if (!core::has_reboot_due(state, contact)) return;
    const auto facts = core::decide(state, contact, now, core::BeginReboots{});
    for (const core::Fact& fact : *facts) take(fact);
  }

  void take(const core::Fact& fact) {
    if (watch) watch(state, fact);
    core::evolve(state, fact);
    journal.push_back(fact);
    plan_->observe(state, fact);
    core::forget(contact, state, fact);
    send(core::react(state, contact, fact));
    for (const core::Errand& errand : core::errands_of(state, fact)) errands.push_back(errand);
  }

  /// Runs the pass until nothing more can start; returns the facts.
  core::Facts schedule() {
    core::Facts all;
    for (bool done = false; !done;) {
      for (const core::Fact& fact : plan_->step(state, contact, now, 4, &done)) {
        take(fact);
        all.push_back(fact);
      }
      settle();
    }
    return all;
  }

  core::Plan& plan() { return *plan_; }

  core::Policies policies() const { return policies_; }

  /// A new controller on the journal of the old one; nodes have to connect again.
  void restart_controller() {
    core::State replayed;
    for (const core::Fact& fact : journal) core::evolve(replayed, fact);
    state = std::move(replayed);
    contact = core::Contact{};
    plan_ = std::make_unique<core::Plan>(policies_);
    sent.clear();
    errands = core::unfinished_errands(state);
    ask(core::BeginEpoch{});
  }

  void advance(Duration by) { now = now + by; }

  NodeId connect(const NodeInventory& node, std::vector<core::HeldAttempt> held = {}) {
    static_cast<void>(ask(core::RegisterNode{Session{++sessions_}, node, std::move(held)}));
    return *state.node_named(node.name);
  }

  void disconnect(NodeId node) { ask(core::NodeDisconnected{node, session(node)}); }

  void heartbeat_all() {
    for (std::uint32_t i = 0; i < contact.nodes.size(); ++i) {
      ask(core::Heartbeat{NodeId{i}, session(NodeId{i})});
    }
  }

  Session session(NodeId node) const {
    return node.value < contact.nodes.size() ? contact.nodes[node.value].session : Session{};
  }

  /// The inventory a known node would register with again.
  NodeInventory inventory(NodeId id) const {
    const core::Node& node = *state.find_node(id);
    return NodeInventory{
        node.name,       node.boot_id,       node.address,       state.class_of(node),
        node.memory_mib, node.pools,         node.is_thissystem, node.containment,
        node.version,    node.shares_machine};
  }

  Result<core::Facts> prepared(NodeId node, JobId id) {
    return ask(core::ReportPrepared{node, session(node), id, attempt(id), "", std::nullopt, true});
  }

  Result<core::Facts> failed(NodeId node, JobId id, const std::string& why, bool at_fault = true) {
    return ask(core::ReportPrepared{node, session(node), id, attempt(id), "", why, at_fault});
  }

  /// The batch script ended with `exit_code`, and its node closed the attempt.
  Result<core::Facts> batch_ended(NodeId node, JobId id, std::int32_t exit_code = 0) {
    StepResult result;
    result.exit_code = exit_code;
    return ask(
        core::ReportClosed{node, session(node), id, attempt(id), Usage{1000, 10, 4096}, result});
  }

  Result<core::Facts> closed(NodeId node, JobId id) {
    return ask(core::ReportClosed{node, session(node), id, attempt(id), Usage{}, std::nullopt});
  }

  /// Answers everything that was sent as healthy nodes do, until nothing is left: prepares are
  /// confirmed, closes reported. Tasks run on until the test ends them.
  void answer_all() {
    while (!sent.empty()) answer_next();
  }

  /// Answers the oldest effect only.
  void answer_next() {
    const core::Effect effect = sent.front();
    sent.pop_front();
    std::visit([this](const auto& one) { answer_one(one); }, effect);
  }

  core::State state;
  core::Contact contact;
  Instant now{1'000'000'000'000'000};
  core::Facts journal;
  std::deque<core::Effect> sent;
  core::Errands errands;  // of the controller's own host, as they came
  /// Called with the state before each fact.
  std::function<void(const core::State&, const core::Fact&)> watch;

  /// Submits and returns the id; nothing when it was refused.
  std::optional<JobId> submit(const JobBuilder& job, std::uint64_t key = 0) {
    const JobId next = state.record.next_job;
    const auto facts = ask(job.submit(key));
    if (!facts.has_value()) return std::nullopt;
    return facts->empty() ? core::submitted_before(state, job.submit(key)) : next;
  }

  /// Submits, schedules and lets the nodes answer.
  JobId run(const JobBuilder& job) {
    const auto id = submit(job);
    schedule();
    answer_all();
    return id.value_or(JobId{});
  }

  const core::Job& job(JobId id) const { return state.record.jobs.at(id); }

  Attempt attempt(JobId id) const { return job(id).attempt; }

  JobState job_state(JobId id) const { return core::job_state(job(id)); }

  NodeId node_of(JobId id, std::size_t position = 0) const {
    return job(id).run->allocation.nodes.at(position).node;
  }

  /// Broken rules: the ledger, the index against the rebuilt one, the replay against the record.
  std::vector<std::string> faults() const {
    std::vector<std::string> found = core::ledger_faults(state);
    if (!(core::rebuild_index(state.record) == state.index)) found.push_back("index != rebuilt");
    core::State replayed;
    for (const core::Fact& fact : journal) core::evolve(replayed, fact);
    if (!(replayed.record == state.record)) found.push_back("replay != record");
    return found;
  }

  template <class Wanted>
  std::vector<Wanted> effects() const {
    std::vector<Wanted> found;
    for (const core::Effect& effect : sent) {
      if (const auto* one = std::get_if<Wanted>(&effect)) found.push_back(*one);
    }
    return found;
  }

 private:
  void send(const core::Effects& effects) {
    sent.insert(sent.end(), effects.begin(), effects.end());
  }

  void answer_one(const core::SendPrepare& one) {
    ask(core::ReportPrepared{one.node, session(one.node), one.job, one.attempt, "", std::nullopt,
                             true});
  }

  void answer_one(const core::SendClose& one) {
    ask(core::ReportClosed{one.node, session(one.node), one.job, one.attempt, Usage{},
                           std::nullopt});
  }

  void answer_one(const core::SendPrepareStep& one) {
    ask(core::ReportStepPrepared{one.node, session(one.node), one.step, "", std::nullopt});
  }

  void answer_one(const core::SendEndStep& one) {
    StepResult result;
    result.cause = one.cause;
    ask(core::ReportStepEnded{one.node, session(one.node), one.step, result});
  }

  template <class Other>
  void answer_one(const Other&) {}

  plugins::TopologySelect select_;
  plugins::FifoPriority fifo_;
  plugins::MultifactorPriority multifactor_;
  core::Policies policies_;
  std::unique_ptr<core::Plan> plan_;
  std::uint64_t sessions_ = 0;
};

/// The facts of type `Wanted`, in order.
template <class Wanted>
std::vector<Wanted> only(const core::Facts& facts) {
  std::vector<Wanted> found;
  for (const core::Fact& fact : facts) {
    if (const auto* one = std::get_if<Wanted>(&fact)) found.push_back(*one);
  }
  return found;
}

}  // namespace cox::testing
