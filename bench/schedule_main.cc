// bench-schedule: the pass alone, in memory: decisions a second, a pass in which nothing can start,
// a whole plan by counts, by number of nodes and waiting jobs. State, evolve and Plan as the
// controller has them; no journal, no messages. Definitions: docs/benchmarks.md
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "bench/measure.h"
#include "core/core.h"
#include "core/schedule/lane.h"
#include "core/schedule/plan.h"
#include "core/schedule/trial.h"
#include "plugins/priority/fifo/fifo.h"
#include "plugins/select/topology/topology.h"

namespace cox::bench {
namespace {

constexpr std::uint32_t cores_of_node = 64;
constexpr std::size_t steps_at_once = 1024;
constexpr std::size_t rounds = 5;

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

/// One-node jobs in 1000 classes of 100 users; ends in random order, refilled.
void bench_decisions(std::uint32_t nodes, std::size_t jobs) {
  World world(nodes, "easy-sjbf");
  Dice dice;
  std::size_t submitted = 0;
  const auto submit = [&] {
    world.submit(1, minutes(1 + static_cast<std::int64_t>(submitted % 10)),
                 static_cast<Uid>(submitted / 10 % 100));
    ++submitted;
  };
  for (std::size_t i = 0; i < jobs; ++i) submit();
  std::vector<JobId> running = world.schedule();
  const std::size_t wanted = std::min<std::size_t>(3 * jobs, 300'000);
  std::size_t decided = 0;
  const double begin = monotonic_ms();
  while (decided < wanted) {
    const std::size_t which = dice.roll(running.size());
    world.end(running[which]);
    running[which] = running.back();
    running.pop_back();
    submit();
    world.now = world.now + milliseconds(1);
    for (const JobId id : world.schedule()) {
      running.push_back(id);
      ++decided;
    }
  }
  const double ms = monotonic_ms() - begin;
  std::printf("decisions, %u nodes, %zu jobs: %.0f a second (%zu ends, submits and starts)\n",
              nodes, jobs, 1000.0 * static_cast<double>(decided) / ms, decided);
}

/// Everything runs for a day at most; jobs of all widths and limits wait.
void fill(World& world, std::uint32_t nodes, std::size_t jobs, std::uint32_t spare) {
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
std::vector<JobId> different_jobs(const World& world, std::size_t count) {
  std::vector<JobId> found;
  for (const auto& jobs : world.state.index.jobs_on_node) {
    if (found.size() == count) break;
    if (jobs.empty() || std::ranges::find(found, jobs.front()) != found.end()) continue;
    found.push_back(jobs.front());
  }
  if (found.size() < count) give_up("too few jobs run");
  return found;
}

void bench_pass(std::uint32_t nodes, std::size_t jobs, std::uint32_t spare) {
  World world(nodes, "easy-sjbf");
  fill(world, nodes, jobs, spare);
  world.schedule();
  std::vector<double> samples;
  std::size_t started = 0;
  for (const JobId id : different_jobs(world, rounds)) {
    // A job is about to end and holds its nodes still: all refusals are void, nothing is free.
    const core::Job& job = *world.state.find_job(id);
    world.take(core::JobEnding{job.id, job.attempt, world.now, EndCause::finished, 0, {}});
    const double begin = monotonic_ms();
    started += world.schedule().size();
    samples.push_back(monotonic_ms() - begin);
  }
  print_times("pass, " + std::to_string(nodes) + " nodes, " + std::to_string(jobs) +
                  " distinct jobs, " + std::to_string(spare) + " free, " + std::to_string(started) +
                  " started",
              samples);
}

void bench_plan(std::uint32_t nodes, std::size_t jobs) {
  World world(nodes, "conservative");
  fill(world, nodes, jobs, 0);
  const PartitionSettings& partition = world.state.record.settings.partitions[0];
  const Bitset ready = core::ready_nodes(world.state, world.contact, "batch");
  std::vector<double> samples;
  std::size_t planned = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    const double begin = monotonic_ms();
    core::Running running;
    running.rebuild(world.state);
    core::Lane lane(world.state, running, world.now, ready, core::LaneUnit::nodes, true);
    for (const JobId id : world.state.index.unended) {
      const core::Job& job = *world.state.find_job(id);
      if (job.phase != JobPhase::pending) continue;
      const std::int64_t units = lane.units(world.state, partition, job.request);
      const auto start = lane.earliest_counted(units, job.request.time_limit, 0);
      if (!start.has_value()) continue;
      lane.reserve_counted(units, *start, job.request.time_limit);
      ++planned;
    }
    samples.push_back(monotonic_ms() - begin);
  }
  print_times("plan of all by counts, " + std::to_string(nodes) + " nodes, " +
                  std::to_string(planned / rounds) + " jobs",
              samples);
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  const std::string size = argc > 1 ? argv[1] : "";
  if (argc > 2 || (!size.empty() && size != "--quick" && size != "--large")) {
    std::fprintf(stderr, "bench-schedule: %s: unknown; usage: bench-schedule [--quick|--large]\n",
                 argv[argc - 1]);
    return 2;
  }
  print_calibration();
  if (size == "--quick") {
    bench_decisions(1'000, 1'000);
    bench_pass(10'000, 1'000, 0);
    bench_plan(1'000, 1'000);
    return 0;
  }
  bench_decisions(1'000, 10'000);
  bench_pass(1'000, 10'000, 0);
  bench_pass(1'000, 10'000, 1);
  bench_plan(1'000, 10'000);
  bench_decisions(10'000, 100'000);
  bench_pass(10'000, 100'000, 0);
  bench_pass(10'000, 100'000, 1);
  bench_plan(10'000, 100'000);
  if (size == "--large") {
    bench_decisions(100'000, 1'000'000);
    bench_pass(100'000, 1'000'000, 0);
    bench_plan(100'000, 1'000'000);
  }
  return 0;
}
