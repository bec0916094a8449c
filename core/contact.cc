// Contact: who is heard, and which answers have come. Everything here may be lost at a restart.
#include "core/contact.h"

#include <algorithm>
#include <string>
#include <type_traits>
#include <variant>

#include "core/any_of.h"
#include "core/job/lifecycle.h"
#include "core/scene.h"

namespace cox::core {
namespace {

// A node that makes attempts up is not to fill our memory; it gets no work either way.
constexpr std::size_t held_max = 4096;

NodeContact& entry(Contact& contact, NodeId node) {
  if (node.value >= contact.nodes.size()) {
    contact.nodes.resize(std::size_t{node.value} + 1);
    contact.silent.resize(contact.nodes.size());
  }
  return contact.nodes[node.value];
}

/// Says of the node what `set` stands for. The plan looks again where that is new.
void say(Contact& contact, Bitset& set, NodeId node, bool is_so) {
  if (set.size() < contact.nodes.size()) set.resize(contact.nodes.size());
  if (set.test(node.value) == is_so) return;
  ++contact.generation;
  if (is_so) {
    set.set(node.value);
  } else {
    set.reset(node.value);
  }
}

/// What the node holds and no job has there was given up: when it was lost, or with a record that
/// cannot be read.
void find_clutter(Contact& contact, const State& state, NodeId node) {
  const bool is_cluttered =
      std::ranges::any_of(contact.nodes[node.value].held, [&](const AttemptKey& held) {
        return held_job(state, held.job, held.attempt, node) == nullptr;
      });
  say(contact, contact.cluttered, node, is_cluttered);
}

void end_session(Contact& contact, NodeId node) {
  contact.nodes[node.value].session = Session{};
  contact.nodes[node.value].held.clear();
  if (contact.is_cluttered(node)) contact.cluttered.reset(node.value);
  ++contact.generation;
}

void hear(Contact& contact, NodeId node, Instant now) {
  NodeContact& heard = entry(contact, node);
  heard.last_heard = std::max(heard.last_heard, now);
  say(contact, contact.silent, node, false);
}

/// What the node no longer holds is unanswered again. Answers of running attempts stay: they say
/// that the start was confirmed once.
void unanswer(Contact& contact, const State& state, NodeId node) {
  for (const JobId id : state.index.jobs_on_node[node.value]) {
    const Job& job = *state.find_job(id);
    const auto attempt = contact.attempts.find(key_of(job));
    if (attempt != contact.attempts.end() && job.phase == JobPhase::starting) {
      attempt->second.prepared.erase(node);
    }
    for (const Step& step : job.run->steps) {
      const auto answers = contact.steps.find(key_of(job, step.id));
      if (answers != contact.steps.end() && !step.released.is_set()) {
        answers->second.prepared.erase(node);
      }
    }
  }
}

void absorb_step(Contact& contact, const Job& job, NodeId node, const HeldStep& held) {
  const Step* step = find_step(job, held.step);
  if (step == nullptr || step->is_ended() || !has_share(*step, node)) return;
  Answers& answers = contact.steps[key_of(job, held.step)];
  if (held.phase == StepPhase::ended) {
    answers.ended[node] = held.result;
    // For a client that has not heard where the step listens, and is waited for there.
    if (step->released.is_set() && !held.endpoint.empty()) answers.prepared[node] = held.endpoint;
  } else if (held.phase != StepPhase::preparing) {
    answers.prepared[node] = held.endpoint;
  }
}

void absorb(Contact& contact, const State& state, NodeId node, const HeldAttempt& held) {
  const Job* job = held_job(state, held.job, held.attempt, node);
  if (job == nullptr) return;
  if (held.prepared) {
    std::string& endpoint = contact.attempts[key_of(*job)].prepared[node];
    const auto initial = initial_step(job->request);
    for (const HeldStep& step : held.steps) {
      if (initial == step.step) endpoint = step.endpoint;
    }
  }
  for (const HeldStep& step : held.steps) absorb_step(contact, *job, node, step);
}

void take_up(Contact& contact, const State& state, Instant now, const RegisterNode& ask) {
  if (!check_registration(state, contact, now, ask).has_value()) return;
  const auto known = state.node_named(ask.inventory.name);
  // A new node gets the next id: decide() will say the same.
  const NodeId id = known.value_or(NodeId{static_cast<std::uint32_t>(state.record.nodes.size())});
  entry(contact, id).session = ask.session;
  entry(contact, id).registered = now;
  hear(contact, id, now);
  ++contact.generation;
  auto& all_held = entry(contact, id).held;
  all_held.clear();
  for (const HeldAttempt& held : ask.held) all_held.push_back({held.job, held.attempt});
  find_clutter(contact, state, id);
  if (!known.has_value()) return;
  unanswer(contact, state, id);
  if (!is_same_machine(state, state.record.nodes[id.value], ask.inventory)) return;
  for (const HeldAttempt& held : ask.held) absorb(contact, state, id, held);
}

void take_up(Contact& contact, const State& state, const ReportPrepared& ask) {
  if (ask.failure.has_value()) return;
  const Job* job = held_job(state, ask.job, ask.attempt, ask.node);
  if (job == nullptr) {  // it was given up meanwhile, and may run by now
    auto& held = contact.nodes[ask.node.value].held;
    const AttemptKey key{ask.job, ask.attempt};
    if (std::ranges::find(held, key) == held.end() && held.size() < held_max) held.push_back(key);
    return find_clutter(contact, state, ask.node);
  }
  contact.attempts[key_of(*job)].prepared[ask.node] = ask.endpoint;
  const auto initial = initial_step(job->request);
  if (!initial.has_value()) return;
  const Step* step = find_step(*job, *initial);
  if (step != nullptr && has_share(*step, ask.node)) {
    contact.steps[key_of(*job, *initial)].prepared[ask.node] = ask.endpoint;
  }
}

void take_up(Contact& contact, const State& state, const ReportStepPrepared& ask) {
  const Job* job = held_job(state, ask.step.job, ask.step.attempt, ask.node);
  if (job == nullptr || ask.failure.has_value()) return;
  absorb_step(contact, *job, ask.node,
              HeldStep{ask.step.step, StepPhase::prepared, ask.endpoint, StepResult{}});
}

void take_up(Contact& contact, const State& state, const ReportStepEnded& ask) {
  const Job* job = held_job(state, ask.step.job, ask.step.attempt, ask.node);
  if (job == nullptr) return;
  absorb_step(contact, *job, ask.node,
              HeldStep{ask.step.step, StepPhase::ended, std::string(), ask.result});
}

void take_up(Contact& contact, const State& state, const ReportClosed& ask) {
  if (std::erase(contact.nodes[ask.node.value].held, AttemptKey{ask.job, ask.attempt}) != 0) {
    find_clutter(contact, state, ask.node);
  }
  const Job* job = held_job(state, ask.job, ask.attempt, ask.node);
  if (job != nullptr) contact.attempts[key_of(*job)].closed.insert(ask.node);
}

void take_up(Contact&, const State&, const Heartbeat&) {}

void take_up(Contact&, const State&, const ReportStuck&) {}

void take_up(Contact&, const State&, const ReportHealth&) {}

void take_up(Contact&, const State&, const ReportRebootFailed&) {}

void disconnect(Contact& contact, const NodeDisconnected& ask) {
  if (!is_current(contact, ask.node, ask.session)) return;
  end_session(contact, ask.node);
}

void find_silent(Contact& contact, const State& state, Instant now) {
  for (std::uint32_t i = 0; i < contact.nodes.size(); ++i) {
    if (!contact.is_connected(NodeId{i})) continue;
    say(contact, contact.silent, NodeId{i},
        !contact.is_heard(NodeId{i}, now, state.record.settings.silent_after));
  }
}

void forget_attempt(Contact& contact, AttemptKey key) {
  contact.attempts.erase(key);
  auto step = contact.steps.lower_bound(StepKey{key.job, key.attempt, StepId{}});
  while (step != contact.steps.end() && step->first.job == key.job &&
         step->first.attempt == key.attempt) {
    step = contact.steps.erase(step);
  }
}

}  // namespace

bool Contact::is_connected(NodeId node) const {
  return node.value < nodes.size() && nodes[node.value].session != Session{};
}

bool Contact::is_cluttered(NodeId node) const {
  return node.value < cluttered.size() && cluttered.test(node.value);
}

bool Contact::is_heard(NodeId node, Instant now, Duration silent_after) const {
  return is_connected(node) && now <= nodes[node.value].last_heard + silent_after;
}

void put_forward(Contact& contact, Instant now, Duration jump) {
  contact.started = contact.started + jump;
  for (NodeContact& node : contact.nodes) {
    node.registered = node.registered + jump;
    node.last_heard = node.last_heard + jump;
  }
  contact.clock_set = now;
}

void excuse_silence(Contact& contact, Instant now, Duration span) {
  contact.started = std::min(now, contact.started + span);
  for (NodeContact& node : contact.nodes) {
    node.last_heard = std::min(now, node.last_heard + span);
  }
}

void observe(Contact& contact, const State& state, Instant now, const Request& request) {
  if (!contact.started.is_set()) contact.started = now;
  std::visit(
      [&](const auto& ask) {
        using Ask = std::decay_t<decltype(ask)>;
        if constexpr (is_any_of<Ask, RegisterNode>) {
          take_up(contact, state, now, ask);
        } else if constexpr (is_any_of<Ask, NodeDisconnected>) {
          disconnect(contact, ask);
        } else if constexpr (is_any_of<Ask, CheckTime>) {
          find_silent(contact, state, now);
        } else if constexpr (is_any_of<Ask, Heartbeat, ReportPrepared, ReportStepPrepared,
                                       ReportStepEnded, ReportClosed, ReportStuck, ReportHealth,
                                       ReportRebootFailed>) {
          if (!is_current(contact, ask.node, ask.session)) return;
          hear(contact, ask.node, now);
          take_up(contact, state, ask);
        }
      },
      request);
}

void forget(Contact& contact, const State& state, const Fact& fact) {
  std::visit(
      [&](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        if constexpr (is_any_of<One, StartUndone, JobRequeued, JobEnded>) {
          forget_attempt(contact, AttemptKey{one.job, one.attempt});
        } else if constexpr (is_any_of<One, StepEnded>) {
          contact.steps.erase(StepKey{one.job, one.attempt, one.step});
        } else if constexpr (is_any_of<One, NodeLost>) {
          // A session that hung until the node was lost is void; a registration's own is not.
          if (!contact.is_connected(one.node)) return;
          if (contact.nodes[one.node.value].last_heard < one.at) end_session(contact, one.node);
        } else if constexpr (is_any_of<One, NodeFreed>) {
          // By a registration that says it lost what it ran: it may hold it all the same.
          if (contact.is_connected(one.node)) find_clutter(contact, state, one.node);
        }
      },
      fact);
}

}  // namespace cox::core
