// See multifactor.h. Keys count in 1/4096 of a point; tiers stand above all of them. Since all jobs
// age alike, the age in a key is the time of the submit, taken off.
#include "plugins/priority/multifactor/multifactor.h"

#include <algorithm>
#include <bit>

namespace cox::plugins {
namespace {

constexpr std::int64_t unit = 4096;  // of a point
/// Over every sum of terms: weights are at most 10^9, ages at most 1,000 points a second since
/// `age_origin`, until long after 2100.
constexpr std::int64_t tier_step = std::int64_t{1} << 53U;
constexpr std::int64_t age_origin_s = 1'577'836'800;  // 2020
constexpr std::int64_t us_per_second = 1'000'000;
/// The size at which its term is full.
constexpr std::uint64_t cores_full = std::uint64_t{1} << 20U;

__extension__ typedef __int128 Wide;

/// `weight` points x `part` / `whole`, in units.
std::int64_t points(std::uint32_t weight, std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0 : static_cast<std::int64_t>(Wide{weight} * unit * part / whole);
}

/// Each doubling of the cores counts alike.
std::int64_t size_points(const Settings& settings, const JobRequest& request) {
  const Component& c = request.common->components.front();
  const std::uint64_t tasks =
      c.tasks != 0 ? c.tasks
                   : std::uint64_t{c.nodes_min} * std::max<std::uint32_t>(1, c.tasks_per_node);
  const std::uint64_t cores = std::max<std::uint64_t>(
      1, std::min(cores_full, tasks * std::max<std::uint32_t>(1, c.cpus_per_task)));
  return points(settings.priority_terms.size, std::bit_width(cores) - 1,
                std::bit_width(cores_full) - 1);
}

std::int64_t partition_points(const Settings& settings, const PartitionSettings& partition) {
  std::uint32_t most = 0;
  for (const PartitionSettings& one : settings.partitions) most = std::max(most, one.weight);
  return points(settings.priority_terms.partition, partition.weight, most);
}

std::int64_t qos_points(const Settings& settings, const JobRequest& request) {
  std::uint32_t most = 0, mine = 0;
  for (const QosSettings& one : settings.qos) {
    most = std::max(most, one.priority);
    if (one.name == request.common->qos) mine = one.priority;
  }
  return points(settings.priority_terms.qos, mine, most);
}

std::int64_t age_points(const PrioritySettings& terms, Duration waited) {
  return points(terms.age, std::min(waited.us, terms.max_age.us), terms.max_age.us);
}

std::int64_t nice_points(const JobRequest& request) {
  return -std::int64_t{request.common->nice} * unit;
}

std::int64_t thousandths(std::int64_t units) {
  return static_cast<std::int64_t>(Wide{units} * 1000 / unit);
}

}  // namespace

std::int64_t MultifactorPriority::static_key(const Settings& settings,
                                             const JobRequest& request,
                                             Instant submitted,
                                             const PartitionSettings& partition) const {
  const PrioritySettings& terms = settings.priority_terms;
  const std::int64_t age = points(terms.age, submitted.us - age_origin_s * us_per_second,
                                  std::max<std::int64_t>(1, terms.max_age.us));
  return std::int64_t{partition.tier} * tier_step + size_points(settings, request) +
         partition_points(settings, partition) + qos_points(settings, request) +
         nice_points(request) - age;
}

Duration MultifactorPriority::age_cap(const Settings& settings) const {
  return settings.priority_terms.max_age;
}

bool MultifactorPriority::has_shares() const {
  return true;
}

std::int64_t MultifactorPriority::share_key(const Settings& settings,
                                            const core::FairRank& rank) const {
  return points(settings.priority_terms.fairshare, std::int64_t{rank.of} - rank.above, rank.of);
}

std::vector<core::PriorityTerm> MultifactorPriority::terms(const Settings& settings,
                                                           const JobRequest& request,
                                                           Duration waited,
                                                           const PartitionSettings& partition,
                                                           const core::FairRank& rank) const {
  return {{"tier", std::int64_t{partition.tier} * 1000},
          {"age", thousandths(age_points(settings.priority_terms, waited))},
          {"fairshare", thousandths(share_key(settings, rank))},
          {"size", thousandths(size_points(settings, request))},
          {"partition", thousandths(partition_points(settings, partition))},
          {"qos", thousandths(qos_points(settings, request))},
          {"nice", thousandths(nice_points(request))}};
}

}  // namespace cox::plugins
