// The course of a simulated run. Which faults a run has, and how many, comes from its seed.
#include "testsuite/faults/simulation.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/job/array.h"

namespace cox::faults {
namespace {

constexpr int fleet_size = 4;
// In looks of ten seconds each after healing.
constexpr int looks_until_cancel = 9;
// Those up to here are as they were before there were administrators: docs/testing.md names seeds.
constexpr std::uint64_t seeds_without_administrators = 100;
// The busiest second of good runs has a quarter of it.
constexpr std::uint64_t events_per_second_max = 5'000;
constexpr auto usual_jobs = static_cast<std::uint64_t>(Scenario{}.jobs);
constexpr int looks_unwanted_max = 3;  // more than a TERM, kill_wait and a KILL take

/// In some runs, of every way of backfill, nodes have labels and the cluster has licenses, and jobs
/// ask for both.
bool has_wishes(const Scenario& scenario) {
  return scenario.seed > seeds_without_administrators && scenario.seed / 4 % 7 == 3;
}

/// Each way of backfill has its seeds.
Settings short_settings(const Scenario& scenario) {
  static constexpr std::array kinds = {"none", "easy", "easy-sjbf", "conservative"};
  Settings settings;
  settings.backfill = kinds[scenario.seed % kinds.size()];
  settings.lost_after = seconds(20);
  settings.kill_wait = seconds(3);
  settings.history_keep = seconds(8);  // so that jobs leave while the run is young
  // Named, so that what waits for a node that comes late is not refused.
  PartitionSettings& batch = settings.partitions.front();
  batch.nodes = "n[1-" + std::to_string(fleet_size) + "]";
  if (kinds_of(scenario).has(Kind::turns_taken)) {
    batch.whole_nodes = true;
    batch.rows = 2 + static_cast<std::uint32_t>(scenario.seed / kinds.size() % 3);
    batch.slice = seconds(1 + static_cast<std::int64_t>(scenario.seed % 3));
  }
  if (has_wishes(scenario)) {
    settings.nodes = {{"n[1-2]", {{"rack", "a"}}, {}},
                      {"n[3-4]", {{"rack", "b"}, {"fat", ""}}, {}}};
    settings.licenses = {{"matlab", 2}, {"ansys", 3}};
  }
  return settings;
}

/// The kernel does not let go of it, and the node has said so.
bool is_stuck(const core::State& state, const StepKey& step) {
  return std::ranges::any_of(state.record.nodes, [&step](const core::Node& node) {
    return std::ranges::any_of(node.stuck, [&step](const core::StuckAttempt& stuck) {
      return stuck.job == step.job && stuck.attempt == step.attempt;
    });
  });
}

}  // namespace

KindSet kinds_of(const Scenario& scenario) {
  Rng rng(scenario.seed ^ 0x5EED'0F'4A'17ULL);
  KindSet kinds;
  constexpr auto faults_count = static_cast<std::size_t>(first_administrators_kind);
  const std::uint64_t mood = rng.below(6);
  const bool is_unnoticed_alone = mood == 1;
  if (mood == 0) {
    kinds.add(static_cast<Kind>(rng.below(faults_count)));  // one alone
  } else {
    // Now and then only what no job may notice, else a handful of everything.
    const std::size_t end =
        is_unnoticed_alone ? static_cast<std::size_t>(last_unnoticed_kind) + 1 : faults_count;
    for (std::size_t i = 0; i < end; ++i) {
      if (rng.chance(2, 5)) kinds.add(static_cast<Kind>(i));
    }
  }
  for (std::size_t i = faults_count; i < kinds_count; ++i) {
    const auto kind = static_cast<Kind>(i);
    const bool is_meant = !is_unnoticed_alone || is_unnoticed(kind);
    const bool is_there = rng.chance(2, 5) && is_meant;
    if (is_there && scenario.seed > seeds_without_administrators) kinds.add(kind);
  }
  kinds.remove(scenario.off);
  return kinds;
}

Simulation::Simulation(const Scenario& scenario)
    : scenario_(scenario),
      rng_(scenario.seed),
      administrators_(scenario.seed ^ 0xAD'31'41'57ULL),
      kinds_(kinds_of(scenario)),
      network_(timeline_, rng_.fork()),
      controller_(timeline_, network_, rng_.fork(), checks_, short_settings(scenario)) {
  checks_.prints_facts = scenario.prints_facts;
  checks_.is_undisturbed = true;
  for (std::size_t i = 0; i < kinds_count; ++i) {
    const auto kind = static_cast<Kind>(i);
    if (kinds_.has(kind) && !is_unnoticed(kind)) checks_.is_undisturbed = false;
  }
  checks_.sent_settings.push_back(short_settings(scenario));
  checks_.memory_stays = !kinds_.has(Kind::inventory_changed);
  watch_.takes_turns = kinds_.has(Kind::turns_taken);
  controller_.plan_dropped = scenario.drop_plan ? 200 : 0;
  controller_.ear_of = [this](const std::string& name) -> FakeController::Send {
    FakeNode* node = node_named(name);
    if (node == nullptr) return nullptr;
    return node->ear();
  };
  controller_.start();
  make_nodes();
  for (Uid uid = 1000; uid < 1003; ++uid) {
    clients_.push_back(std::make_unique<FakeClient>(timeline_, rng_.fork(), watch_, checks_,
                                                    controller_, Caller{uid, uid, Role::user}));
  }
  clients_.push_back(std::make_unique<FakeClient>(timeline_, rng_.fork(), watch_, checks_,
                                                  controller_, Caller{0, 0, Role::administrator}));
  if (has_wishes(scenario)) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i]->wish(Rng(scenario.seed ^ (0x315'4E5ULL + i)));
    }
  }
  set_faults();
}

void Simulation::make_nodes() {
  const auto dial = [this](const std::string& name, auto received, auto closed) {
    return controller_.dial_node(name, std::move(received), std::move(closed));
  };
  for (int i = 1; i <= fleet_size; ++i) {
    const std::string name = "n" + std::to_string(i);
    nodes_.push_back(std::make_unique<FakeNode>(name, name, timeline_, rng_.fork(), watch_, dial));
    nodes_.back()->start_daemon();
  }
  nodes_.push_back(
      std::make_unique<FakeNode>("n1", "n1-twin", timeline_, rng_.fork(), watch_, dial));
}

FakeNode* Simulation::node_named(const std::string& name) {
  for (auto& node : nodes_) {
    if (node->name() == name && node->is_daemon_up()) return node.get();
  }
  return nullptr;
}

void Simulation::set_faults() {
  const auto some = [this](Kind kind, std::uint64_t most) {
    const std::uint64_t much = 1 + rng_.below(most);
    return kinds_.has(kind) ? much : 0;
  };
  network_.faults = {.lost = some(Kind::message_lost, 10),
                     .doubled = some(Kind::message_doubled, 50),
                     .late = some(Kind::message_late, 30),
                     .stale = some(Kind::stale_message, 50)};
  for (auto& node : nodes_) {
    node->faults = {.container_fails = some(Kind::container_fails, 30),
                    .spawn_fails = some(Kind::spawn_fails, 30),
                    .step_unprepared = some(Kind::step_unprepared, 30),
                    .ignores_term = some(Kind::term_ignored, 300),
                    .removal_busy = some(Kind::removal_busy, 300),
                    .task_stuck = some(Kind::task_stuck, 100),
                    .supervisor_dies = some(Kind::supervisor_killed, 50)};
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
  for (int i = 0; i < scenario_.jobs / 4; ++i) {
    timeline_.after(milliseconds(rng_.between(0, scenario_.chaos.us / 1000)),
                    [this] { strike_client(Kind::client_resends); });
    timeline_.after(milliseconds(rng_.between(0, scenario_.chaos.us / 1000)),
                    [this] { strike_client(Kind::client_key_taken); });
  }
  for (std::int64_t s = 5; s < scenario_.chaos.us / 1'000'000; s += 10) {
    timeline_.after(seconds(s), [this] {
      if (!checks_.is_undisturbed) clients_.back()->resume_nodes("n[1-4]");
    });
  }
}

bool Simulation::run_until(Instant end) {
  while (watch_.complaints().empty() && timeline_.step(end)) {
    check_rush();
  }
  return watch_.complaints().empty();
}

/// Two that answer each other for ever take up time of the machine, and little of the timeline's.
void Simulation::check_rush() {
  const auto crowd = std::max(static_cast<std::uint64_t>(scenario_.jobs), usual_jobs);
  if (timeline_.in_second() <= events_per_second_max * crowd / usual_jobs) return;
  watch_.complain(std::to_string(timeline_.in_second()) +
                  " events within a second: messages are answered without end");
}

void Simulation::heal() {
  healing_ = true;
  network_.faults = {};
  controller_.set_disk_full(false);
  controller_.disk_delay = Duration{};
  controller_back_after(Duration{});
  nodes_.back()->stop_machine();
  for (auto& node : nodes_) {
    node->faults = {};
    if (node != nodes_.back()) {
      node->set_memory_mib(node_memory_mib);
      if (!node->is_daemon_up()) node->start_daemon();
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
    const bool holds_any = node->is_daemon_up() && !node->agent().attempts.empty();
    if (holds_any || !node->leftovers().empty()) {
      return false;
    }
  }
  return controller_.is_up() && controller_.state().index.unended.empty() &&
         watch_.live().empty() && controller_.is_history_written() &&
         controller_.state().record.jobs.empty();
}

// A job that still waits has to say why, and must not wait for anything that will not come.
void Simulation::check_end() {
  const auto& state = controller_.state();
  for (const JobId job : state.index.unended) {
    const core::Job& left = *state.find_job(job);
    const Reason reason = controller_.machine().plan().blocked(state, job).code;
    watch_.complain("after healing job " + core::job_name(left) + " is still " +
                    std::string(to_text(left.phase)) + " (" + std::string(to_text(reason)) +
                    (left.run->why.empty() ? "" : ": " + left.run->why) + ")");
  }
  check_nodes();
  for (const auto& node : nodes_) {
    if (const auto left = node->leftovers(); !left.empty()) {
      watch_.complain("left behind: " + left);
    }
  }
  for (const auto& place : watch_.live()) {
    watch_.complain("a task of job " + std::to_string(place.step.job.value) + " still runs on " +
                    place.node);
  }
  for (const JobId job : checks_.single_runs()) {
    if (watch_.ran(job, Attempt{1}) && watch_.ran(job, Attempt{2})) {
      watch_.complain("job " + std::to_string(job.value) + " ran twice and may not");
    }
  }
  if (!state.record.jobs.empty() && state.index.unended.empty()) {
    watch_.complain("after healing " + std::to_string(state.record.jobs.size()) +
                    " ended jobs are not forgotten");
  }
  checks_.history_equals();
  if (checks_.acknowledged_jobs().size() != static_cast<std::size_t>(scenario_.jobs)) {
    watch_.complain("some submits were never answered");
  }
  checks_.arrays_ended();
  checks_.replay_equals(state);
}

/// Every job has been forgotten, and every submit sent once more gets its id all the same.
bool Simulation::ask_again() {
  for (auto& client : clients_) client->submit_all_again();
  bool good = true;
  for (int i = 0; i < 12 && good && !is_drained(); ++i) {
    good = run_until(timeline_.now() + seconds(10));
  }
  return good;
}

/// With every node heard, what stands still in the record does so on its nodes, and nothing else.
void Simulation::check_standing() {
  std::map<RunPlace, int> misplaced;
  for (const RunPlace& place : watch_.live()) {
    if (!controller_.is_up()) return;
    const core::Job* job = controller_.state().find_job(place.step.job);
    if (job == nullptr || job->attempt != place.step.attempt || job->phase != JobPhase::running) {
      continue;
    }
    if (job->run->stands.is_set() == watch_.stands(place)) continue;
    misplaced[place] = misplaced_[place] + 1;
    if (misplaced[place] <= looks_unwanted_max) continue;
    watch_.complain("after healing a task of job " + std::to_string(place.step.job.value) +
                    (watch_.stands(place) ? " stands still on " : " runs on ") + place.node +
                    ", and the record says otherwise");
  }
  misplaced_ = std::move(misplaced);
}

/// With every node heard, nothing runs for long of which the controller knows that it should not.
void Simulation::check_unwanted() {
  std::map<RunPlace, int> unwanted;
  for (const RunPlace& place : watch_.live()) {
    if (!controller_.is_up()) return;
    const core::Job* job = controller_.state().find_job(place.step.job);
    const bool is_wanted = job != nullptr && job->attempt == place.step.attempt &&
                           (job->phase == JobPhase::starting || job->phase == JobPhase::running);
    if (is_wanted || is_stuck(controller_.state(), place.step)) continue;
    unwanted[place] = unwanted_[place] + 1;
    if (unwanted[place] <= looks_unwanted_max) continue;
    watch_.complain("after healing a task of job " + std::to_string(place.step.job.value) +
                    " attempt " + std::to_string(place.step.attempt.value) + " runs on " +
                    place.node + ", and nobody ends it");
  }
  unwanted_ = std::move(unwanted);
}

void Simulation::check_nodes() {
  const auto& machine = controller_.machine();
  for (const core::Node& node : machine.state().record.nodes) {
    const bool is_heard = machine.contact().is_heard(node.id, machine.now(),
                                                     machine.state().record.settings.silent_after);
    const bool is_good = is_heard && machine.state().index.usable.test(node.id.value);
    if (!is_good && node.why.empty()) {
      watch_.complain("after healing node " + node.name + " is of no use and does not say why");
    }
    if (!is_heard || node.is_lost) watch_.complain("after healing node " + node.name + " is lost");
    if (!machine.state().index.jobs_on_node[node.id.value].empty()) {
      watch_.complain("after healing node " + node.name + " is still held by a job");
    }
  }
  for (const auto& node : nodes_) {
    if (node->is_daemon_up() && !node->agent().attempts.empty()) {
      watch_.complain("after healing an attempt is left in the agent of " + node->name());
    }
  }
}

Outcome Simulation::run() {
  schedule_strike();
  schedule_clients();
  bool good = run_until(timeline_.now() + scenario_.chaos);
  if (good) {
    heal();
    // Liveness: everything ends within half an hour of virtual time, most runs within seconds.
    for (int i = 0; i < 180 && good && !is_drained(); ++i) {
      check_unwanted();
      check_standing();
      if (i == looks_until_cancel) {
        for (auto& client : clients_) client->end_endless();
      }
      clients_.back()->resume_nodes("n[1-4]");
      restore_order();
      if (kinds_.has(Kind::jobs_suspended)) resume_all();
      for (auto& client : clients_) {
        client->act_on_all(wire::JobAction::RELEASE);
        if (controller_.is_up()) client->leave_allocations(controller_.state());
      }
      good = run_until(timeline_.now() + seconds(10));
    }
  }
  if (good && is_drained()) good = ask_again();
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
