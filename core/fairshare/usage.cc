// See usage.h. Ranks follow from what was charged; what is only counted changes no order until the
// next charge, so that the order is a function of State and moves once a period.
#include "core/fairshare/usage.h"

#include <algorithm>
#include <utility>

#include "core/fairshare/decay.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

constexpr std::int64_t us_per_ms = 1000;
/// So many units of `charged` are a thousandth of a core for a second: room for small remainders.
constexpr unsigned charged_shift = 6;

std::uint64_t uncharged(const State& state, const Job& job, const NodeShare& share, Instant at) {
  const UsageRecord& usage = state.record.usage;
  const Instant from = std::max(job.run->started, usage.charged_at);
  if (at <= from) return 0;
  const auto ms = static_cast<std::uint64_t>((at.us - from.us) / us_per_ms);
  return charged_for(state.record.settings.priority_terms, share) * ms;
}

}  // namespace

Association association_of(const Settings& settings, const JobRequest& request) {
  const JobCommon& common = *request.common;
  return {settings.accounts.empty() ? std::string() : common.account, common.user.uid};
}

std::uint64_t charged_for(const PrioritySettings& terms, const NodeShare& share) {
  std::uint64_t mib = 0;
  for (const std::int64_t part : share.memory_mib) mib += static_cast<std::uint64_t>(part);
  return std::uint64_t{terms.charge_core} * share.cores.count() +
         std::uint64_t{terms.charge_gib} * mib / 1024 +
         std::uint64_t{terms.charge_device} * share.devices.count();
}

void note_association(State& state, const JobRequest& request) {
  const auto [entry, is_new] = state.record.usage.of.try_emplace(
      association_of(state.record.settings, request), AssociationUsage{});
  if (is_new) entry->second.user = request.common->user.name;
}

void count_share(State& state, const Job& job, const NodeShare& share, Instant at) {
  const std::uint64_t amount = uncharged(state, job, share, at);
  if (amount == 0) return;
  note_association(state, job.request);
  UsageRecord& usage = state.record.usage;
  usage.of.at(association_of(state.record.settings, job.request)).counted += amount;
  usage.has_counted = true;
}

void evolve_one(State& state, const UsageCharged& fact) {
  for (const std::vector<JobId>& jobs : state.index.jobs_on_node) {
    const auto node = NodeId{static_cast<std::uint32_t>(&jobs - state.index.jobs_on_node.data())};
    for (const JobId id : jobs) {
      const Job& job = *state.find_job(id);
      count_share(state, job, job.run->allocation.nodes[*node_position(job, node)], fact.at);
    }
  }
  UsageRecord& usage = state.record.usage;
  const Duration half_life = state.record.settings.priority_terms.half_life;
  const bool is_first = !usage.charged_at.is_set();
  const Duration elapsed{is_first ? 0 : std::max<std::int64_t>(0, (fact.at - usage.charged_at).us)};
  for (auto& [who, one] : usage.of) {
    const std::uint64_t counted = std::exchange(one.counted, 0);
    // In two parts: a large fleet may have run for months under another priority.
    const std::uint64_t fresh =
        ((counted / 1000) << charged_shift) + ((counted % 1000) << charged_shift) / 1000;
    // Used evenly since the last charge, as far as anybody knows: on average half that time ago.
    one.charged = decayed(one.charged, elapsed, half_life) +
                  decayed(fresh, Duration{elapsed.us / 2}, half_life);
  }
  usage.has_counted = false;
  usage.charged_at = fact.at;
}

bool is_charge_due(const State& state, Instant now) {
  const UsageRecord& usage = state.record.usage;
  if (state.index.live == 0 && !usage.has_counted) return false;
  return !usage.charged_at.is_set() ||
         now >= usage.charged_at + state.record.settings.priority_terms.charge_period;
}

}  // namespace cox::core
