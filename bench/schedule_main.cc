// bench-schedule: the pass alone, in memory: decisions a second, a pass in which nothing can start,
// a whole plan by counts, by number of nodes and waiting jobs. State, evolve and Plan as the
// controller has them; no journal, no messages. Definitions: docs/benchmarks.md
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "bench/growth.h"
#include "bench/measure.h"
#include "bench/schedule_world.h"

namespace cox::bench {
namespace {

constexpr std::size_t rounds = 5;

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
  std::vector<double> samples;
  for (std::size_t i = 0; i < rounds; ++i) samples.push_back(plan_by_counts_ms(world));
  print_times("plan of all by counts, " + std::to_string(nodes) + " nodes, " +
                  std::to_string(jobs) + " jobs",
              samples);
}

}  // namespace
}  // namespace cox::bench

int main(int argc, char** argv) {
  using namespace cox::bench;
  const std::string size = argc > 1 ? argv[1] : "";
  if (argc > 2 || (!size.empty() && size != "--quick" && size != "--large" && size != "--growth")) {
    std::fprintf(stderr,
                 "bench-schedule: %s: unknown; usage: bench-schedule "
                 "[--quick|--large|--growth]\n",
                 argv[argc - 1]);
    return 2;
  }
  print_calibration();
  if (size == "--growth") {
    bench_growth(1'000, 128'000);
    return 0;
  }
  if (size == "--quick") {
    bench_growth(1'000, 4'000);
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
