// See report.h.
#include "sim/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace cox::sim {
namespace {

constexpr std::int64_t run_least_s = 10;

std::int64_t nearest_rank(const std::vector<std::int64_t>& sorted, std::size_t percent) {
  if (sorted.empty()) return 0;
  const std::size_t rank = (sorted.size() * percent + 99) / 100;
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

}  // namespace

Figures figures_of(const std::vector<Outcome>& outcomes, std::uint64_t processors) {
  Figures figures;
  figures.jobs = outcomes.size();
  if (outcomes.empty()) return figures;
  std::vector<std::int64_t> waits;
  double slowdowns = 0;
  std::int64_t wait_sum = 0;
  std::int64_t used = 0;
  std::int64_t first = outcomes.front().submit_s;
  std::int64_t last = first;
  for (const Outcome& one : outcomes) {
    const std::int64_t wait = one.start_s - one.submit_s;
    const std::int64_t run = one.end_s - one.start_s;
    waits.push_back(wait);
    wait_sum += wait;
    used += run * one.processors;
    first = std::min(first, one.submit_s);
    last = std::max(last, one.end_s);
    const auto bound = static_cast<double>(std::max(run, run_least_s));
    slowdowns += std::max(1.0, static_cast<double>(wait + run) / bound);
  }
  std::ranges::sort(waits);
  const auto count = static_cast<double>(outcomes.size());
  figures.mean_wait_s = static_cast<double>(wait_sum) / count;
  figures.mean_bounded_slowdown = slowdowns / count;
  figures.p95_wait_s = nearest_rank(waits, 95);
  figures.p99_wait_s = nearest_rank(waits, 99);
  figures.max_wait_s = waits.back();
  const double offered = static_cast<double>(processors) * static_cast<double>(last - first);
  figures.utilisation = offered > 0 ? static_cast<double>(used) / offered : 0;
  return figures;
}

std::string to_json(const Figures& figures) {
  const nlohmann::ordered_json document = {{"jobs", figures.jobs},
                                           {"mean_wait_s", figures.mean_wait_s},
                                           {"mean_bounded_slowdown", figures.mean_bounded_slowdown},
                                           {"p95_wait_s", figures.p95_wait_s},
                                           {"p99_wait_s", figures.p99_wait_s},
                                           {"max_wait_s", figures.max_wait_s},
                                           {"utilisation", figures.utilisation}};
  return document.dump(2) + "\n";
}

std::string to_text(const Figures& figures) {
  return fmt::format(
      "jobs                   {}\n"
      "mean wait              {:.1f} s\n"
      "95 % wait at most      {} s\n"
      "99 % wait at most      {} s\n"
      "longest wait           {} s\n"
      "mean bounded slowdown  {:.3f}\n"
      "utilisation            {:.4f}\n",
      figures.jobs, figures.mean_wait_s, figures.p95_wait_s, figures.p99_wait_s, figures.max_wait_s,
      figures.mean_bounded_slowdown, figures.utilisation);
}

}  // namespace cox::sim
