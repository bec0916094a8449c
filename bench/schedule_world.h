// A controller's scheduling in memory: State, evolve and Plan, nodes of 64 cores that are given
// whole, and jobs of random widths. No journal, no messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bench/measure.h"
#include "core/core.h"
#include "core/schedule/plan.h"
#include "plugins/priority/fifo/fifo.h"
#include "plugins/select/topology/topology.h"

namespace cox::bench {

inline constexpr std::uint32_t cores_of_node = 64;
inline constexpr std::size_t steps_at_once = 1024;

/// The same numbers on every machine.
class Dice {
 public:
  std::uint64_t roll(std::uint64_t sides) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return (z ^ (z >> 31U)) % sides;
  }

 private:
  std::uint64_t state_ = 1;
};

class World {
 public:
  World(std::uint32_t nodes, const std::string& backfill) : plan_({&select_, &priority_}) {
    Settings settings;
    settings.backfill = backfill;
    settings.partitions[0].whole_nodes = true;
    ask(core::ApplySettings{Caller{0, 0, Role::administrator}, settings});
    NodeInventory node;
    node.node_class.cores.resize(cores_of_node);
    node.node_class.hash.bytes[0] = 1;
    node.memory_mib = {256 * 1024};
    node.boot_id = "bench";
    for (std::uint32_t i = 0; i < nodes; ++i) {
      node.name = "n" + std::to_string(i);
      ask(core::RegisterNode{Session{i + 1}, node, {}});
    }
  }

  void ask(const core::Request& request) {
    core::observe(contact, state, now, request);
    const auto facts = core::decide(state, contact, now, request);
    if (!facts) give_up(facts.error().message);
    for (const core::Fact& fact : *facts) take(fact);
  }

  void take(const core::Fact& fact) {
    core::evolve(state, fact);
    plan_.observe(state, fact);
  }

  JobId submit(std::uint32_t width, Duration limit, Uid user) {
    JobRequest request;
    JobCommon& common = request.common.edit();
    common.kind = JobKind::interactive;
    common.user.uid = 1000 + user;
    common.partitions = {"batch"};
    Component& part = common.components.emplace_back();
    part.nodes_min = part.nodes_max = width;
    part.exclusive = true;
    request.time_limit = limit;
    const JobId id = state.record.next_job;
    take(core::JobSubmitted{id, ClientKey{}, now, std::move(request)});
    return id;
  }

  /// The whole pass; the jobs that it starts.
  std::vector<JobId> schedule() {
    std::vector<JobId> started;
    for (bool done = false; !done;) {
      for (const core::Fact& fact : plan_.step(state, contact, now, steps_at_once, &done)) {
        take(fact);
        const auto* start = std::get_if<core::JobStarted>(&fact);
        if (start == nullptr) continue;
        started.push_back(start->job);
        if (start->allocation.nodes.size() > 1) {
          take(core::JobReleased{start->job, start->attempt, now});
        }
      }
    }
    return started;
  }

  void end(JobId id) {
    const core::Job& job = *state.find_job(id);
    const Attempt attempt = job.attempt;
    take(core::JobEnding{id, attempt, now, EndCause::finished, 0, {}});
    const Cow<core::JobRun> run = job.run;
    for (const NodeShare& share : run->allocation.nodes) {
      take(core::NodeFreed{id, attempt, share.node, now, Usage{}});
    }
    take(core::JobEnded{id, attempt, now, JobState::completed, 0, 0, Usage{}, {}});
    take(core::JobsForgotten{now, {id}});
  }

  core::State state;
  core::Contact contact;
  Instant now{1'000'000'000'000'000};

 private:
  plugins::TopologySelect select_;
  plugins::FifoPriority priority_;
  core::Plan plan_;
};

/// Everything runs for a day at most; jobs of all widths and limits wait.
inline void fill(World& world, std::uint32_t nodes, std::size_t jobs, std::uint32_t spare) {
  Dice dice;
  for (std::uint32_t taken = 0; taken < nodes - spare;) {
    const auto width = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(1 + dice.roll(std::max(1U, nodes / 500)), nodes - spare - taken));
    world.submit(width, minutes(1 + static_cast<std::int64_t>(dice.roll(1439))), 0);
    taken += width;
  }
  world.schedule();
  for (std::size_t i = 0; i < jobs; ++i) {
    const auto width = static_cast<std::uint32_t>(2 + dice.roll(nodes / 10 - 1));
    world.submit(width, seconds(60 + static_cast<std::int64_t>(dice.roll(86'340))),
                 static_cast<Uid>(i % 100));
  }
}

/// The first job on each of several nodes, no job twice: wide ones hold many nodes.
inline std::vector<JobId> different_jobs(const World& world, std::size_t count) {
  std::vector<JobId> found;
  for (const auto& jobs : world.state.index.jobs_on_node) {
    if (found.size() == count) break;
    if (jobs.empty() || std::ranges::find(found, jobs.front()) != found.end()) continue;
    found.push_back(jobs.front());
  }
  if (found.size() < count) give_up("too few jobs run");
  return found;
}

}  // namespace cox::bench
