// See suggest.h.
#include "core/schedule/suggest.h"

#include <algorithm>
#include <array>
#include <deque>

#include "core/schedule/gate.h"
#include "core/schedule/outlook.h"
#include "model/memory_text.h"

namespace cox::core {
namespace {

constexpr std::size_t suggestions_max = 8;

/// Limits people ask for, in seconds, falling.
constexpr std::array<std::int64_t, 14> limits_s = {7 * 86400, 3 * 86400, 2 * 86400, 86400, 43200,
                                                   28800,     14400,     7200,      3600,  1800,
                                                   900,       600,       300,       60};

struct Variant {
  std::string change;
  JobRequest request;
};

/// The least change first; each lets the job start no later than the one before.
using Family = std::vector<Variant>;

/// When a job starts; later than everything: not in sight.
struct Moment {
  Second start = second_never;
  bool is_now = false, is_estimate = false;

  bool is_before(const Moment& other) const {
    return is_now != other.is_now ? is_now : start < other.start;
  }
};

class Planner {
 public:
  Planner(const State& state,
          const Contact& contact,
          Instant now,
          Policies policies,
          const Job& job,
          std::uint32_t index)
      : state_(state), contact_(contact), now_(now), policies_(policies), job_(job), index_(index) {
    for (const std::string& name : job.request.common->partitions) add(name, own_);
    for (const PartitionSettings& partition : state.record.settings.partitions) {
      const bool is_own = std::ranges::find(job.request.common->partitions, partition.name) !=
                          job.request.common->partitions.end();
      if (!is_own) add(partition.name, others_);
    }
  }

  Moment start_of(const JobRequest& request) {
    Moment best;
    for (Outlook& outlook : own_) best = sooner(best, start_in(outlook, request));
    return best;
  }

  /// The least of the family that helps, and the least that helps most.
  void look_at(const Family& family, const Moment& usual) {
    if (family.empty()) return;
    const Moment best = start_of(family.back().request);
    if (!best.is_before(usual)) return;
    note(first_before(family, usual));
    // One as good as `best` is before whatever comes later than that.
    note(first_of(family, [&](const Moment& one) { return !best.is_before(one); }));
  }

  void look_elsewhere(const Moment& usual) {
    for (Outlook& outlook : others_) {
      const Moment there = start_in(outlook, job_.request);
      if (there.is_before(usual)) note("partition=" + outlook.partition().name, there);
    }
  }

  std::vector<Suggestion> take() {
    std::ranges::stable_sort(found_, [](const Suggestion& a, const Suggestion& b) {
      return a.is_now != b.is_now ? a.is_now : a.start < b.start;
    });
    if (found_.size() > suggestions_max) found_.resize(suggestions_max);
    return std::move(found_);
  }

 private:
  using Found = std::pair<const Variant*, Moment>;

  void add(const std::string& name, std::deque<Outlook>& to) {
    if (gate(state_, name, job_.request).code != Reason::none) return;
    to.emplace_back(state_, contact_, now_, policies_,
                    *find_partition(state_.record.settings, name), job_, index_);
  }

  static Moment sooner(const Moment& a, const Moment& b) { return b.is_before(a) ? b : a; }

  Moment start_in(Outlook& outlook, const JobRequest& request) const {
    const PartitionSettings& partition = outlook.partition();
    if (gate(partition, false, request).code != Reason::none) return {};
    const Trial trial = outlook.trial(request);
    if (trial.is_hopeless) return {};
    if (outlook.start_now(request, trial)) return Moment{now_.us / us_per_second, true, false};
    const Forecast forecast = outlook.forecast(request);
    if (!forecast.start.has_value()) return {};
    return Moment{*forecast.start, false, forecast.is_estimate};
  }

  /// The first for which `is_good`, which stays so for all behind it; the last one is.
  template <class Predicate>
  Found first_of(const Family& family, Predicate is_good) {
    std::size_t low = 0, high = family.size() - 1;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      if (is_good(start_of(family[middle].request))) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return {&family[low], start_of(family[low].request)};
  }

  Found first_before(const Family& family, const Moment& usual) {
    return first_of(family, [&](const Moment& one) { return one.is_before(usual); });
  }

  void note(const Found& found) { note(found.first->change, found.second); }

  void note(const std::string& change, const Moment& moment) {
    if (std::ranges::find(found_, change, &Suggestion::change) != found_.end()) return;
    // Counting says that it could start, placing says that it cannot: nobody knows when.
    if (!moment.is_now && moment.start <= now_.us / us_per_second) return;
    const Instant start = moment.is_now ? now_ : Instant{moment.start * us_per_second};
    found_.push_back(Suggestion{change, start, moment.is_now, moment.is_estimate});
  }

  const State& state_;
  const Contact& contact_;
  Instant now_;
  Policies policies_;
  const Job& job_;
  std::uint32_t index_;
  std::deque<Outlook> own_, others_;
  std::vector<Suggestion> found_;
};

Component& first(JobRequest& request) {
  return request.common.edit().components.front();
}

Family shorter(const JobRequest& from) {
  Family family;
  for (const std::int64_t limit : limits_s) {
    if (seconds(limit) >= from.time_limit) continue;
    JobRequest request = from;
    request.time_limit = seconds(limit);
    family.push_back({"time=" + to_text(request.time_limit), std::move(request)});
  }
  return family;
}

/// Fewer nodes for the same tasks, where they may be anywhere; else fewer nodes with all on them.
Family fewer_nodes(const JobRequest& from) {
  Family family;
  const Component& asked = from.common->components.front();
  for (std::uint32_t nodes = asked.nodes_min / 2; nodes != 0; nodes /= 2) {
    if (asked.tasks != 0 && asked.tasks_per_node != 0) break;  // as many nodes as that makes
    if (nodes < from.common->nodes_wanted.size()) break;
    JobRequest request = from;
    first(request).nodes_min = first(request).nodes_max = nodes;
    family.push_back({"nodes=" + std::to_string(nodes), std::move(request)});
  }
  return family;
}

Family fewer_tasks(const JobRequest& from) {
  Family family;
  const Component& asked = from.common->components.front();
  if (asked.nodes_min != 1 || asked.tasks_per_node != 0) return family;
  for (std::uint32_t tasks = asked.tasks / 2; tasks != 0; tasks /= 2) {
    JobRequest request = from;
    first(request).tasks = tasks;
    family.push_back({"ntasks=" + std::to_string(tasks), std::move(request)});
  }
  return family;
}

Family less_memory(const JobRequest& from) {
  Family family;
  const Component& asked = from.common->components.front();
  const bool by_node = asked.memory_per_node_mib > 0;
  const std::int64_t most = by_node ? asked.memory_per_node_mib : asked.memory_per_cpu_mib;
  for (std::int64_t part = 2; part <= 8 && most / part > 0; part *= 2) {
    JobRequest request = from;
    (by_node ? first(request).memory_per_node_mib : first(request).memory_per_cpu_mib) =
        most / part;
    family.push_back(
        {(by_node ? "mem=" : "mem-per-cpu=") + memory_text(most / part), std::move(request)});
  }
  return family;
}

}  // namespace

std::vector<Suggestion> suggest(const State& state,
                                const Contact& contact,
                                Instant now,
                                Policies policies,
                                const Job& job,
                                std::uint32_t index) {
  if (job.phase != JobPhase::pending) return {};
  if (blocked_by_itself(state, job, now).code != Reason::none) return {};
  Planner planner(state, contact, now, policies, job, index);
  const Moment usual = planner.start_of(job.request);
  if (usual.is_now) return {};
  planner.look_at(shorter(job.request), usual);
  planner.look_at(fewer_nodes(job.request), usual);
  planner.look_at(fewer_tasks(job.request), usual);
  planner.look_at(less_memory(job.request), usual);
  planner.look_elsewhere(usual);
  return planner.take();
}

}  // namespace cox::core
