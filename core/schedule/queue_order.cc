// See queue_order.h.
#include "core/schedule/queue_order.h"

#include <algorithm>

#include "core/job/array.h"
#include "core/schedule/class_key.h"
#include "core/schedule/gate.h"
#include "core/schedule/order_key.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

bool comes_later(const Standing& a, const Standing& b) {
  return b < a;
}

}  // namespace

std::size_t starts_of(const std::vector<Standing>& standings) {
  std::size_t sum = 0;
  for (const Standing& one : standings) sum += one.starts;
  return sum;
}

QueueOrder::QueueOrder(const State& state,
                       Instant now,
                       Policies policies,
                       const PartitionSettings& partition,
                       const Bitset& ready)
    : state_(state), now_(now), policies_(policies), partition_(partition), ready_(ready) {
  if (policies.priority->has_shares()) shares_ = FairTree(state);
}

Place QueueOrder::place_of(const Job& job) const {
  const std::int64_t key = base_key(state_, *policies_.priority, job, partition_) +
                           share_key(shares_, state_, *policies_.priority, job.request);
  return Place{key, is_element(job) && !is_apart(state_, job) ? job.array : job.id};
}

bool QueueOrder::holds(const Job& job) const {
  const auto& names = job.request.common->partitions;
  return job.phase == JobPhase::pending &&
         blocked_by_itself(state_, job, now_).code == Reason::none &&
         std::ranges::find(names, partition_.name) != names.end() &&
         gate(partition_, false, job.request).code == Reason::none;
}

std::vector<Standing> QueueOrder::all() const {
  std::vector<Standing> standings;
  for (const JobId id : state_.index.unended) {
    const Job& job = *state_.find_job(id);
    if (!holds(job)) continue;
    Standing standing{place_of(job), job.index, id};
    if (is_array(job)) {
      standing.index = remainder(job).first();
      standing.starts = waiting_starts(job);
    }
    standings.push_back(standing);
  }
  return standings;
}

std::vector<Standing> QueueOrder::ahead_of(const Job& job, std::uint32_t index) const {
  const Standing mine{place_of(job), index, job.id};
  std::vector<Standing> standings = all();
  std::erase_if(standings, [&mine](const Standing& one) { return !(one < mine); });
  for (Standing& one : standings) {
    const Job& other = *state_.find_job(one.job);
    const bool is_ours = one.place == mine.place && is_array(other);
    if (is_ours) one.starts = remainder(other).count_before(mine.index);
  }
  return standings;
}

bool QueueOrder::is_hopeless(const JobRequest& request, std::map<std::string, bool>& known) const {
  const auto [answer, is_new] = known.try_emplace(class_key(request, partition_.name));
  if (is_new) {
    answer->second = try_place(state_, *policies_.select, partition_, ready_, request).is_hopeless;
  }
  return answer->second;
}

std::optional<JobId> QueueOrder::first_waiting(std::vector<Standing> standings) const {
  std::map<std::string, bool> known;
  // A heap: mostly one of the very first is the answer, and there may be a million.
  std::ranges::make_heap(standings, comes_later);
  while (!standings.empty()) {
    std::ranges::pop_heap(standings, comes_later);
    const JobId id = standings.back().job;
    standings.pop_back();
    if (!is_hopeless(state_.find_job(id)->request, known)) return id;
  }
  return std::nullopt;
}

std::vector<Ahead> QueueOrder::hopeful(std::vector<Standing> standings) const {
  std::vector<Ahead> ahead;
  std::sort(standings.begin(), standings.end());
  // Of too many nothing is predicted: who is hopeless need not be known.
  const bool is_too_many = starts_of(standings) > forecast_jobs_max;
  std::map<std::string, bool> known;
  for (const Standing& one : standings) {
    if (!is_too_many && is_hopeless(state_.find_job(one.job)->request, known)) continue;
    ahead.push_back(Ahead{one.job, one.starts});
  }
  return ahead;
}

}  // namespace cox::core
