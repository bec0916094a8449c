// See growth.h.
#include "bench/growth.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "core/schedule/lane.h"
#include "core/schedule/trial.h"

namespace cox::bench {
namespace {

constexpr std::uint32_t growth_nodes = 1'000;
constexpr std::size_t growth_rounds = 5;
constexpr std::size_t few_classes = 100;

using Point = std::pair<double, double>;  // jobs, milliseconds

/// The slope of a straight line through the logarithms, by least squares.
double exponent(const std::vector<Point>& points) {
  double x_sum = 0, y_sum = 0, xx_sum = 0, xy_sum = 0;
  for (const auto& [jobs, ms] : points) {
    const double x = std::log(jobs), y = std::log(ms);
    x_sum += x;
    y_sum += y;
    xx_sum += x * x;
    xy_sum += x * y;
  }
  const auto n = static_cast<double>(points.size());
  return (n * xy_sum - x_sum * y_sum) / (n * xx_sum - x_sum * x_sum);
}

template <class Measure>
void print_growth(
    const char* what, const char* bound, std::size_t least, std::size_t most, Measure measure) {
  std::vector<Point> points;
  std::printf("%s:", what);
  for (std::size_t jobs = least; jobs <= most; jobs *= 2) {
    points.emplace_back(static_cast<double>(jobs), percentile(measure(jobs), 50));
    std::printf(" %zu jobs %.3f ms%s", jobs, points.back().second, jobs * 2 > most ? "" : ",");
    std::fflush(stdout);
  }
  std::printf("; grows with n^%.3f (goal: n^%s)\n", exponent(points), bound);
}

/// All nodes are taken for a day; then `jobs` come, of few kinds or each of its own.
void fill_with_kinds(World& world, std::size_t jobs, bool are_distinct) {
  fill(world, growth_nodes, are_distinct ? jobs : 0, 0);
  for (std::size_t i = 0; i < jobs && !are_distinct; ++i) {
    world.submit(static_cast<std::uint32_t>(2 + i % few_classes),
                 minutes(1 + static_cast<std::int64_t>(i % 10)), 0);
  }
}

/// A job is about to end and holds its nodes still: all refusals are void, nothing is free.
std::vector<double> pass_times(std::size_t jobs, bool are_distinct) {
  World world(growth_nodes, "easy-sjbf");
  fill_with_kinds(world, jobs, are_distinct);
  world.schedule();
  std::vector<double> samples;
  for (const JobId id : different_jobs(world, growth_rounds)) {
    const core::Job& job = *world.state.find_job(id);
    world.take(core::JobEnding{job.id, job.attempt, world.now, EndCause::finished, 0, {}});
    const double begin = monotonic_ms();
    if (!world.schedule().empty()) give_up("a job started where no node is free");
    samples.push_back(monotonic_ms() - begin);
  }
  return samples;
}

std::vector<double> plan_times(std::size_t jobs) {
  World world(growth_nodes, "conservative");
  fill(world, growth_nodes, jobs, 0);
  std::vector<double> samples;
  for (std::size_t i = 0; i < growth_rounds; ++i) samples.push_back(plan_by_counts_ms(world));
  return samples;
}

/// From the first start until all have ended, each in the order of its start.
std::vector<double> drain_time(std::size_t jobs) {
  World world(growth_nodes, "easy-sjbf");
  for (std::size_t i = 0; i < jobs; ++i) {
    world.submit(1, minutes(1 + static_cast<std::int64_t>(i % 10)), static_cast<Uid>(i / 10 % 100));
  }
  const double begin = monotonic_ms();
  std::vector<JobId> running = world.schedule();
  std::size_t ended = 0;
  while (ended < running.size()) {
    world.end(running[ended++]);
    world.now = world.now + milliseconds(1);
    for (const JobId id : world.schedule()) running.push_back(id);
  }
  if (ended != jobs) give_up("only " + std::to_string(ended) + " jobs ended");
  return {monotonic_ms() - begin};
}

}  // namespace

double plan_by_counts_ms(const World& world) {
  const PartitionSettings& partition = world.state.record.settings.partitions[0];
  const Bitset ready = core::ready_nodes(world.state, world.contact, "batch");
  const double begin = monotonic_ms();
  core::Running running;
  running.rebuild(world.state);
  core::Lane lane(world.state, running, world.now, ready, core::LaneUnit::nodes, true);
  for (const JobId id : world.state.index.unended) {
    const core::Job& job = *world.state.find_job(id);
    if (job.phase != JobPhase::pending) continue;
    const std::int64_t units = lane.units(world.state, partition, job.request);
    const auto start = lane.earliest_counted(units, job.request.time_limit, 0);
    if (!start.has_value()) give_up("a job has no start in the plan");
    lane.reserve_counted(units, *start, job.request.time_limit);
  }
  return monotonic_ms() - begin;
}

void bench_growth(std::size_t least, std::size_t most) {
  print_growth("pass, 100 kinds and 10 limits", "0.15", least, most,
               [](std::size_t jobs) { return pass_times(jobs, false); });
  print_growth("pass, all jobs distinct", "1.0", least, most,
               [](std::size_t jobs) { return pass_times(jobs, true); });
  print_growth("plan of all by counts", "1.05", least, most,
               [](std::size_t jobs) { return plan_times(jobs); });
  print_growth("drain", "1.02", least, most, [](std::size_t jobs) { return drain_time(jobs); });
}

}  // namespace cox::bench
