// Random orders of messages, doubled and late, against a small fake machine: containers and
// supervisors that answer when they like. Safety after every event, liveness once all is healed.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "noded/agent/agent.h"

namespace cox::agent {
namespace {

constexpr StepId steps_known[] = {step_batch, StepId{0}, StepId{1}};

// A supervisor of the fake machine. `alive` is false once it died or was told to forget.
struct Supervisor {
  StepPhase phase = StepPhase::preparing;
  bool alive = true;
};

class World {
 public:
  AgentState state;
  std::set<AttemptKey> containers, files, closed_reported, accepted;
  std::map<StepKey, Supervisor> supervisors;
  std::map<AttemptKey, bool> standing;
  std::deque<AgentRequest> events;  // of the machine, not yet told
  std::uint64_t session = 0;
  Origin origin;

  // Tombstones last for a session; a controller that asks again in the next one means it.
  void begin_session() {
    tell(Disconnected{});
    std::erase_if(supervisors, [](const auto& one) { return !one.second.alive; });
    origin = Origin{Epoch{1}, Session{++session}};
    tell(Registered{origin, seconds(1)});
  }

  void tell(const AgentRequest& request) {
    for (const AgentEffect& effect : handle(state, request)) {
      std::visit([&](const auto& one) { run(one); }, effect);
    }
    for (const auto& [key, attempt] : state.attempts) accepted.insert(key);
    check();
  }

  // Lets one event of the machine happen; `pick` chooses which.
  void machine_turn(std::size_t pick) {
    if (events.empty()) return;
    const auto at = static_cast<std::ptrdiff_t>(pick % events.size());
    const AgentRequest event = events[static_cast<std::size_t>(at)];
    events.erase(events.begin() + at);
    tell(event);
  }

  void supervisor_turn(std::size_t pick, bool dies) {
    if (supervisors.empty()) return;
    auto it = supervisors.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(pick % supervisors.size()));
    Supervisor& one = it->second;
    if (!one.alive) return;
    if (dies) {
      one.alive = false;
      events.push_back(SupervisorGone{it->first, "killed"});
    } else if (one.phase == StepPhase::preparing) {
      set_phase(it->first, StepPhase::prepared);
    } else if (one.phase == StepPhase::running) {
      set_phase(it->first, StepPhase::ended);
    }
  }

 private:
  const AgentAttempt& attempt_of(const StepKey& step) const {
    return state.attempts.at({step.job, step.attempt});
  }

  void set_phase(const StepKey& step, StepPhase phase) {
    supervisors[step].phase = phase;
    events.push_back(SupervisorStatus{step, phase, "sock", {}, StepResult{}});
  }

  void run(const MakeContainer& effect) {
    containers.insert(effect.attempt);
    events.push_back(ContainerMade{effect.attempt, {}, true});
  }

  void run(const SpawnSupervisor& effect) {
    RC_ASSERT(!supervisors.contains(effect.step));
    RC_ASSERT(containers.contains({effect.step.job, effect.step.attempt}));
    supervisors[effect.step] = Supervisor{};
    RC_ASSERT(effect.stands == attempt_of(effect.step).stands || !effect.go_at_once);
    if (effect.go_at_once && !effect.stands) set_phase(effect.step, StepPhase::running);
  }

  void run(const TellGo& effect) {
    const Supervisor& one = supervisors.at(effect.step);
    RC_ASSERT(!attempt_of(effect.step).stands);
    if (one.alive && one.phase == StepPhase::prepared) set_phase(effect.step, StepPhase::running);
  }

  void run(const TellEnd& effect) {
    const auto it = supervisors.find(effect.step);
    if (it == supervisors.end() || !it->second.alive) return;
    if (it->second.phase != StepPhase::ended) set_phase(effect.step, StepPhase::ended);
  }

  void run(const TellForget& effect) {
    const auto it = supervisors.find(effect.step);
    if (it == supervisors.end() || !it->second.alive) return;
    it->second.alive = false;
    events.push_back(SupervisorGone{effect.step, "forgotten"});
  }

  void run(const TellLimit&) {}

  void run(const PauseAttempt& effect) {
    RC_ASSERT(containers.contains(effect.attempt));
    standing[effect.attempt] = effect.stands;
  }

  void run(const KillStep&) {}

  void run(const KillAttempt&) {}

  void run(const KillSupervisor& effect) {
    const auto it = supervisors.find(effect.step);
    if (it == supervisors.end() || !it->second.alive) return;
    it->second.alive = false;
    events.push_back(SupervisorGone{effect.step, "killed"});
  }

  void run(const RemoveContainer& effect) {
    RC_ASSERT(!standing[effect.attempt]);  // what ends goes on, to end
    containers.erase(effect.attempt);
    events.push_back(ContainerRemoved{effect.attempt, {}});
  }

  void run(const Remember& effect) { files.insert(effect.attempt); }

  void run(const RememberEnded& effect) { files.insert(effect.attempt); }

  void run(const Forget& effect) { files.erase(effect.attempt); }

  void run(const ReportPrepared&) {}

  void run(const ReportStepPrepared&) {}

  void run(const ReportStepEnded&) {}

  void run(const ReportClosed& effect) {
    RC_ASSERT(!containers.contains(effect.attempt));
    closed_reported.insert(effect.attempt);
  }

  void run(const ReportStuck&) {}

  void check() {
    for (auto it = containers.begin(); it != containers.end(); ++it) {
      const auto next = std::next(it);
      RC_ASSERT(next == containers.end() || next->job != it->job);
    }
    // What is closed in this session stays closed: no container comes back.
    for (const auto& [key, attempt] : state.attempts) {
      if (attempt.phase == AttemptPhase::closed) RC_ASSERT(!containers.contains(key));
    }
    for (const AttemptKey& key : containers) RC_ASSERT(state.attempts.contains(key));
  }
};

// One message of a controller that may say anything in any order.
AgentRequest any_message(const Origin& origin) {
  const AttemptKey key{JobId{*rc::gen::inRange<std::uint64_t>(1, 4)},
                       Attempt{*rc::gen::inRange<std::uint32_t>(1, 4)}};
  const StepKey step{key.job, key.attempt,
                     steps_known[*rc::gen::inRange<std::size_t>(0, std::size(steps_known))]};
  const bool at_once = *rc::gen::arbitrary<bool>();
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
    case 1:
      return Prepare{origin,  key,   at_once ? step_batch : StepId{0},
                     at_once, false, *rc::gen::inRange(0, 3) == 0};
    case 8:
    case 9:
      return Pause{origin, key, *rc::gen::arbitrary<bool>(),
                   Instant{*rc::gen::inRange<std::int64_t>(0, 4)}};
    case 2:
      return Go{origin, step, {}};
    case 3:
      return PrepareStep{origin, StepKey{key.job, key.attempt, StepId{1}}};
    case 4:
      return EndStep{origin, step, EndCause::cancelled};
    case 5:
      return Close{origin, key, EndCause::cancelled};
    case 6:
      return StepAck{origin, step};
    default:
      return ClosedAck{origin, key};
  }
}

void random_turns(World& world, int turns) {
  std::vector<AgentRequest> sent;
  for (int turn = 0; turn < turns; ++turn) {
    const int what = *rc::gen::inRange(0, 20);
    const auto pick = *rc::gen::inRange<std::size_t>(0, 1000);
    if (what < 8) {
      sent.push_back(any_message(world.origin));
      world.tell(sent.back());
    } else if (what < 10 && !sent.empty()) {
      world.tell(sent[pick % sent.size()]);  // doubled or late, perhaps of an older session
    } else if (what < 14) {
      world.machine_turn(pick);
    } else if (what < 18) {
      world.supervisor_turn(pick, false);
    } else if (what == 18) {
      world.supervisor_turn(pick, true);
    } else if (pick % 5 == 0) {
      world.begin_session();
    } else {
      world.tell(SecondPassed{});
    }
  }
}

// The controller closes everything and acknowledges every closing.
void heal(World& world) {
  world.begin_session();
  for (int round = 0; round < 40; ++round) {
    for (const HeldAttempt& one : held(world.state)) {
      world.tell(Close{world.origin, one.attempt, EndCause::cancelled});
    }
    while (!world.events.empty()) world.machine_turn(0);
    for (const AttemptKey& key : std::set<AttemptKey>(world.closed_reported)) {
      world.tell(ClosedAck{world.origin, key});
    }
    while (!world.events.empty()) world.machine_turn(0);
    world.tell(SecondPassed{});
  }
}

RC_GTEST_PROP(AgentProperty, nothing_is_left_and_every_accepted_attempt_is_reported, ()) {
  World world;
  world.begin_session();
  random_turns(world, *rc::gen::inRange(1, 120));
  heal(world);
  RC_ASSERT(world.state.attempts.empty());
  RC_ASSERT(world.containers.empty());
  RC_ASSERT(world.files.empty());
  for (const auto& [step, one] : world.supervisors) RC_ASSERT(!one.alive);
  for (const AttemptKey& key : world.accepted) RC_ASSERT(world.closed_reported.contains(key));
}

RC_GTEST_PROP(AgentProperty, the_same_message_twice_in_a_row_does_nothing_new, ()) {
  World world;
  world.begin_session();
  random_turns(world, *rc::gen::inRange(1, 60));
  const AgentRequest message = any_message(world.origin);
  world.tell(message);
  const AgentState before = world.state;
  const std::size_t containers = world.containers.size();
  world.tell(message);
  RC_ASSERT(world.state == before);
  RC_ASSERT(world.containers.size() == containers);
}

RC_GTEST_PROP(AgentProperty, messages_of_an_older_session_change_nothing, ()) {
  World world;
  world.begin_session();
  random_turns(world, *rc::gen::inRange(1, 60));
  const Origin old = world.origin;
  world.begin_session();
  const AgentState before = world.state;
  world.tell(any_message(old));
  RC_ASSERT(world.state == before);
}

}  // namespace
}  // namespace cox::agent
