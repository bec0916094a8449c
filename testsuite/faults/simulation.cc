// The course of a simulated run. Which faults a run has, and how many, comes from its seed.
#include "testsuite/faults/simulation.h"

#include <utility>

namespace cox::faults {
namespace {

constexpr int fleet_size = 4;

Settings short_settings() {
  Settings settings;
  settings.lost_after = seconds(20);
  settings.kill_wait = seconds(3);
  return settings;
}

}  // namespace

Simulation::Simulation(const Scenario& scenario)
    : scenario_(scenario),
      rng_(scenario.seed),
      network_(timeline_, rng_.fork()),
      controller_(timeline_, network_, rng_.fork(), checks_, short_settings()) {
  checks_.prints_facts = scenario.prints_facts;
  controller_.plan_dropped = scenario.drop_plan ? 200 : 0;
  controller_.start();
  for (int i = 1; i <= fleet_size; ++i) {
    nodes_.push_back(std::make_unique<FakeNode>(
        "n" + std::to_string(i), timeline_, rng_.fork(), watch_,
        [this](const std::string& name, auto received, auto closed) {
          return controller_.dial_node(name, std::move(received), std::move(closed));
        }));
    nodes_.back()->start_daemon();
  }
  for (Uid uid = 1000; uid < 1003; ++uid) {
    clients_.push_back(std::make_unique<FakeClient>(timeline_, rng_.fork(), watch_, checks_,
                                                    controller_, Caller{uid, uid, Role::user}));
  }
  clients_.push_back(std::make_unique<FakeClient>(timeline_, rng_.fork(), watch_, checks_,
                                                  controller_, Caller{0, 0, Role::administrator}));
  set_faults();
}

// Each kind of fault is off in some runs, so that faults are also seen alone.
void Simulation::set_faults() {
  const auto maybe = [this](std::uint64_t most) {
    return rng_.chance(1, 2) ? rng_.below(most + 1) : 0;
  };
  network_.faults = {.lost = maybe(10), .doubled = maybe(50), .late = maybe(30)};
  for (auto& node : nodes_) {
    node->faults = {.container_fails = maybe(30),
                    .spawn_fails = maybe(30),
                    .step_unprepared = maybe(30),
                    .ignores_term = maybe(300),
                    .removal_busy = maybe(300)};
  }
}

void Simulation::controller_back_after(Duration delay) {
  timeline_.after(delay, [this] {
    if (!controller_.is_up()) {
      controller_.start();
    }
  });
}

void Simulation::daemon_back_after(FakeNode& node, Duration delay) {
  timeline_.after(delay, [&node] {
    if (!node.is_daemon_up()) {
      node.start_daemon();
    }
  });
}

void Simulation::strike_node(FakeNode& node) {
  if (!node.is_daemon_up()) {
    return;
  }
  switch (rng_.below(6)) {
    case 0:
    case 1:
      node.kill_daemon();
      // Some stay away for longer than a node may be silent.
      daemon_back_after(node, milliseconds(rng_.between(5, rng_.chance(1, 5) ? 40'000 : 2'000)));
      break;
    case 2:
      node.stop_machine();
      daemon_back_after(node, milliseconds(rng_.between(500, 30'000)));
      break;
    case 3:
      node.kill_a_supervisor();
      break;
    default:
      node.cut();
      break;
  }
}

void Simulation::strike() {
  if (rng_.chance(1, 4)) {
    if (controller_.is_up()) {
      controller_.kill();
      controller_back_after(milliseconds(rng_.between(1, 3'000)));
    }
  } else {
    strike_node(*nodes_[rng_.below(nodes_.size())]);
  }
}

void Simulation::schedule_strike() {
  timeline_.after(milliseconds(rng_.between(50, 6'000)), [this] {
    if (!healing_) {
      strike();
      schedule_strike();
    }
  });
}

void Simulation::schedule_clients() {
  for (int i = 0; i < scenario_.jobs; ++i) {
    timeline_.after(milliseconds(rng_.between(0, scenario_.chaos.us / 1000)),
                    [this, user = rng_.below(clients_.size())] { clients_[user]->submit(); });
    timeline_.after(milliseconds(rng_.between(0, scenario_.chaos.us / 1000)),
                    [this, user = rng_.below(clients_.size()), often = rng_.chance(1, 3)] {
                      if (often) {
                        clients_[user]->meddle();
                      }
                    });
  }
  for (std::int64_t s = 5; s < scenario_.chaos.us / 1'000'000; s += 10) {
    timeline_.after(seconds(s), [this] { clients_.back()->resume_nodes("n[1-4]"); });
  }
}

bool Simulation::run_until(Instant end) {
  while (watch_.complaints().empty() && timeline_.step(end)) {
  }
  return watch_.complaints().empty();
}

void Simulation::heal() {
  healing_ = true;
  network_.faults = {};
  if (!controller_.is_up()) {
    controller_.start();
  }
  for (auto& node : nodes_) {
    node->faults = {};
    if (!node->is_daemon_up()) {
      node->start_daemon();
    }
  }
}

bool Simulation::is_drained() const {
  for (const auto& client : clients_) {
    if (client->unanswered() != 0) {
      return false;
    }
  }
  for (const auto& node : nodes_) {
    if (!node->leftovers().empty()) {
      return false;
    }
  }
  return controller_.is_up() && controller_.state().index.unended.empty() && watch_.live().empty();
}

void Simulation::check_end() {
  const auto& state = controller_.state();
  for (const auto& [job, attempt] : state.index.unended) {
    watch_.complain("after healing job " + std::to_string(job.value) + " is still " +
                    std::string(to_text(state.find_job(job)->phase)) + " (" +
                    state.find_job(job)->why + ")");
  }
  for (const auto& node : nodes_) {
    if (const auto left = node->leftovers(); !left.empty()) {
      watch_.complain("left behind: " + left);
    }
  }
  for (const auto& place : watch_.live()) {
    watch_.complain("a task of job " + std::to_string(place.step.job.value) + " still runs on " +
                    place.node);
  }
  for (const auto& [id, job] : state.record.jobs) {
    if (!job.request.requeue && watch_.ran(id, Attempt{1}) && watch_.ran(id, Attempt{2})) {
      watch_.complain("job " + std::to_string(id.value) + " ran twice and may not");
    }
  }
  if (checks_.acknowledged_jobs().size() != static_cast<std::size_t>(scenario_.jobs)) {
    watch_.complain("some submits were never answered");
  }
  checks_.replay_equals(state);
}

Outcome Simulation::run() {
  schedule_strike();
  schedule_clients();
  bool good = run_until(timeline_.now() + scenario_.chaos);
  if (good) {
    heal();
    // Liveness: everything ends within half an hour of virtual time, most runs within seconds.
    for (int i = 0; i < 180 && good && !is_drained(); ++i) {
      clients_.back()->resume_nodes("n[1-4]");
      for (auto& client : clients_) {
        client->act_on_all(wire::JobAction::RELEASE);
      }
      good = run_until(timeline_.now() + seconds(10));
    }
  }
  if (good) {
    check_end();
  }
  Outcome outcome{.trace = checks_.trace(),
                  .facts = checks_.facts(),
                  .jobs = checks_.acknowledged_jobs().size(),
                  .complaint = {}};
  if (!watch_.complaints().empty()) {
    outcome.complaint = watch_.complaints().front();
  }
  return outcome;
}

}  // namespace cox::faults
