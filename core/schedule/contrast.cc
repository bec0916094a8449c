// See contrast.h.
#include "core/schedule/contrast.h"

#include <algorithm>
#include <cstdlib>

#include "common/count_text.h"
#include "core/job/array.h"
#include "core/schedule/order_key.h"
#include "core/schedule/priority_text.h"
#include "core/schedule/queue_order.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

/// No age counts for longer: after that nothing changes by itself.
constexpr Duration looked_ahead_max = minutes(366 * 1440);

struct Pair {
  const State& state;
  const PriorityPolicy& priority;
  const PartitionSettings& partition;
  const Contender& job;
  const Contender& other;
  FairTree shares;

  std::vector<PriorityTerm> terms(const Contender& one, Instant at) const {
    const Duration waited{std::max<std::int64_t>(0, at.us - one.job.submitted.us)};
    return priority.terms(state.record.settings, one.job.request, waited, partition,
                          rank_of(shares, state, one.job.request));
  }

  std::int64_t points(const Contender& one, Instant at) const {
    std::int64_t sum = 0;
    for (const PriorityTerm& term : terms(one, at)) {
      if (term.name != "tier") sum += term.thousandths;  // the partition's, and the same for both
    }
    return sum;
  }

  /// Of equal points the lower id.
  bool is_before(Instant at) const {
    const std::int64_t mine = points(job, at), theirs = points(other, at);
    return mine == theirs ? job.array() < other.array() : mine > theirs;
  }
};

/// Ages grow alike until they count no more, so that the younger of two gains in one stretch of
/// time alone: once passed, it stays before.
Instant crossing_of(const Pair& pair, Instant now, bool is_before) {
  Instant low = now, high = now + looked_ahead_max;
  if (pair.is_before(high) == is_before) return {};
  while (high.us - low.us > us_per_second) {
    const Instant middle{low.us + (high.us - low.us) / 2};
    (pair.is_before(middle) == is_before ? low : high) = middle;
  }
  return high;
}

Result<void> check_waits(const State& state, const Contender& one, Instant now) {
  const Job& job = one.job;
  const std::string name = "job " + one.name();
  if (job.phase != JobPhase::pending) {
    return fail(Code::refused, name + " is " + std::string(to_text(job_state(job))) +
                                   ": it stands in no order any more");
  }
  if (blocked_by_itself(state, job, now).code != Reason::none) {
    return fail(Code::refused,
                name + " does not wait for resources yet: it stands in no order (cox why " +
                    one.name() + ")");
  }
  return {};
}

std::string list_of(const Job& job) {
  std::string text;
  for (const std::string& name : job.request.common->partitions) {
    text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

const PartitionSettings* shared_partition(const State& state, const Job& job, const Job& other) {
  const auto& theirs = other.request.common->partitions;
  for (const std::string& name : job.request.common->partitions) {
    if (std::ranges::find(theirs, name) == theirs.end()) continue;
    if (const auto* found = find_partition(state.record.settings, name)) return found;
  }
  return nullptr;
}

std::string sentence_of(const Pair& pair, Instant now, const Contrast& made) {
  const std::string job = "job " + pair.job.name(), other = "job " + pair.other.name();
  const std::int64_t mine = pair.points(pair.job, now), theirs = pair.points(pair.other, now);
  std::string text = job + " stands " + (made.is_before ? "before " : "behind ") + other +
                     " in partition " + made.partition;
  if (mine == theirs)
    return text + ": both have " + thousandths_text(mine) + " points, the lower id is first";
  return text + ": it has " + thousandths_text(mine) + " points, " + other + " " +
         thousandths_text(theirs);
}

/// Elements of one array: whoever has the lower index.
Contrast of_one_array(const Contender& job, const Contender& other, const std::string& partition) {
  return Contrast{partition,
                  job.place_in_array() < other.place_in_array(),
                  "both are of array " + std::to_string(job.array().value) +
                      ", whose elements start in the order of their indices",
                  {},
                  {}};
}

}  // namespace

std::string Contender::name() const {
  return job_name(job) + (index && !is_element(job) ? "_" + std::to_string(*index) : "");
}

JobId Contender::array() const {
  return is_element(job) ? job.array : job.id;
}

std::uint32_t Contender::place_in_array() const {
  if (!is_array(job)) return job.index;
  return index.value_or(remainder(job).first());
}

Result<Contrast> contrast(const State& state,
                          const Contact& contact,
                          Instant now,
                          Policies policies,
                          const Contender& job,
                          const Contender& other) {
  for (const Contender* one : {&job, &other}) {
    if (auto waits = check_waits(state, *one, now); !waits) return tl::unexpected(waits.error());
  }
  if (job.array() == other.array() && job.place_in_array() == other.place_in_array()) {
    return fail(Code::bad_usage, "job " + other.name() + " is the same job: another is expected");
  }
  const PartitionSettings* partition = shared_partition(state, job.job, other.job);
  if (partition == nullptr) {
    return Contrast{"",
                    false,
                    "they wait in different partitions: job " + job.name() + " in " +
                        list_of(job.job) + ", job " + other.name() + " in " + list_of(other.job),
                    {},
                    {}};
  }
  if (job.array() == other.array()) return of_one_array(job, other, partition->name);
  Contrast made;
  made.partition = partition->name;
  const PriorityPolicy& priority = *policies.priority;
  const Pair pair{state, priority, *partition,
                  job,   other,    priority.has_shares() ? FairTree(state) : FairTree()};
  const auto mine = pair.terms(job, now), theirs = pair.terms(other, now);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    made.terms.push_back(ContrastTerm{mine[i].name, mine[i].thousandths, theirs[i].thousandths});
  }
  const Bitset ready = ready_nodes(state, contact, partition->name);
  const QueueOrder order(state, now, policies, *partition, ready);
  made.is_before = order.place_of(job.job) < order.place_of(other.job);
  // Not so only between a charge and the next, or within a rounding.
  if (pair.is_before(now) == made.is_before) made.crossing = crossing_of(pair, now, made.is_before);
  made.summary = sentence_of(pair, now, made);
  return made;
}

}  // namespace cox::core
