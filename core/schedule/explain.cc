// explain(): the full verdict on one waiting job, by the same tests as the pass and without the
// Plan.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "common/count_text.h"
#include "common/node_list.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/schedule/class_key.h"
#include "core/schedule/gate.h"
#include "core/schedule/misfit.h"
#include "core/schedule/queues.h"
#include "core/schedule/trial.h"

namespace cox::core {
namespace {

constexpr const char* no_node_has_all = "too few nodes have all that it asks for together";

std::string number(std::uint64_t n) {
  return std::to_string(n);
}

struct Inquiry {
  const State& state;
  const Contact& contact;
  Instant now;
  Policies policies;
  const Job& job;
  std::uint32_t index;  // of an element without a job of its own; else the job's
  Verdict verdict;
  std::string misfit;  // the first test that no state of the fleet passes
  std::string closed;  // what the first partition that is closed to it says

  void note(const std::string& name, bool passed, const std::string& detail, std::uint64_t amount) {
    verdict.checks.push_back(VerdictCheck{name, passed, detail, amount});
  }
};

/// Where starts of a job stand in the order of a partition. Elements stand where their array does,
/// in order of their indices.
struct Standing {
  Place place;  // of the array, where there is one
  std::uint32_t index = 0;
  JobId job{};
  std::uint32_t starts = 1;

  friend bool operator<(const Standing& a, const Standing& b) {
    return a.place == b.place ? a.index < b.index : a.place < b.place;
  }
};

bool is_queued_in(const Inquiry& ask, const Job& job, const PartitionSettings& partition) {
  const auto& names = job.request.common->partitions;
  return job.phase == JobPhase::pending &&
         blocked_by_itself(ask.state, job, ask.now).code == Reason::none &&
         std::ranges::find(names, partition.name) != names.end() &&
         gate(partition, false, job.request).code == Reason::none;
}

/// Jobs ahead of ours in the partition, as a heap with the first on top.
std::vector<Standing> jobs_ahead(const Inquiry& ask, const PartitionSettings& partition) {
  const auto place_of = [&](const Job& job) {
    return Place{ask.policies.priority->static_key(job.request, job.submitted, partition),
                 is_element(job) ? job.array : job.id};
  };
  const Standing mine{place_of(ask.job), ask.index, ask.job.id};
  std::vector<Standing> ahead;
  for (const JobId id : ask.state.index.unended) {
    const Job& other = *ask.state.find_job(id);
    if (!is_queued_in(ask, other, partition)) continue;
    Standing standing{place_of(other), other.index, id};
    if (is_array(other)) {
      const ArraySpec& waiting = remainder(other);
      const bool is_ours = standing.place == mine.place;
      standing.index = waiting.first();
      standing.starts = is_ours ? waiting.count_before(mine.index) : waiting.count();
    }
    if (standing < mine) ahead.push_back(standing);
  }
  std::ranges::make_heap(ahead, [](const Standing& a, const Standing& b) { return b < a; });
  return ahead;
}

std::size_t starts_of(const std::vector<Standing>& ahead) {
  std::size_t sum = 0;
  for (const Standing& one : ahead) sum += one.starts;
  return sum;
}

/// The first job ahead that waits for resources: it stands in the way. Hopeless ones do not.
std::optional<JobId> job_in_the_way(const Inquiry& ask,
                                    const PartitionSettings& partition,
                                    const Bitset& ready,
                                    std::vector<Standing> ahead) {
  std::map<std::string, bool> hopeless;  // by class
  const auto later = [](const Standing& a, const Standing& b) { return b < a; };
  while (!ahead.empty()) {
    std::ranges::pop_heap(ahead, later);
    const Job& other = *ask.state.find_job(ahead.back().job);
    ahead.pop_back();
    const auto [known, is_new] = hopeless.try_emplace(class_key(other.request, partition.name));
    if (is_new) {
      known->second =
          try_place(ask.state, *ask.policies.select, partition, ready, other.request).is_hopeless;
    }
    if (!known->second) return other.id;
  }
  return std::nullopt;
}

/// Nodes that come back by themselves, and when: "; n3 rests 8 s: ...".
std::string absences(const State& state, const std::string& partition) {
  constexpr std::size_t named_max = 4;
  std::size_t named = 0;
  std::string text;
  partition_nodes(state, partition).for_each([&](std::size_t i) {
    const Node& node = state.record.nodes[i];
    const bool is_stuck = !node.stuck.empty();
    if ((!is_stuck && !node.backed_off_until.is_set()) || ++named > named_max) return;
    text +=
        "; " + node.name +
        (is_stuck ? " is stuck: " + stuck_text(node) : " rests after failed starts: " + node.why);
  });
  return named > named_max ? text + "; " + number(named - named_max) + " more" : text;
}

void note_nodes(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  const std::size_t all = partition_nodes(ask.state, partition.name).count();
  const std::size_t away = all - ready.count();
  ask.note("nodes of partition " + partition.name, away == 0,
           number(ready.count()) + " of " + number(all) + " nodes take new work" +
               absences(ask.state, partition.name),
           away);
}

void note_cores(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  std::uint64_t free = 0;
  ready.for_each([&](std::size_t node) { free += ask.state.index.free[node].cores.count(); });
  const std::uint64_t least = cores_least(ask.job.request, partition);
  ask.note("free cores of partition " + partition.name, free >= least,
           number(free) + " free, at least " + number(least) + " needed", free);
}

std::string nodes_of(const State& state, const Allocation& allocation) {
  std::vector<std::string> names;
  for (const NodeShare& share : allocation.nodes) {
    names.push_back(state.record.nodes[share.node.value].name);
  }
  return fold_node_list(names);
}

std::string trial_text(const Trial& trial, const std::string& misfit) {
  if (trial.allocation.has_value()) return "fits now";
  switch (trial.blocked.code) {
    case Reason::resources:
      return "does not fit what is free: " + count_text(trial.blocked.amount, "more node") +
             " needed";
    case Reason::nodes_unavailable:
      return "would fit if " + count_text(trial.blocked.amount, "absent node") +
             (trial.blocked.amount == 1 ? " was back" : " were back");
    default:
      return "fits no state of these nodes: " + (misfit.empty() ? no_node_has_all : misfit);
  }
}

/// Which resource it is, so that the user can mend the request: the first test that fails.
std::string first_misfit(const std::vector<FleetCheck>& checks) {
  for (const auto& [check, refusal] : checks) {
    if (!check.passed) return check.name + ": " + check.detail;
  }
  return {};
}

void note_placement(Inquiry& ask, const PartitionSettings& partition, const Trial& trial) {
  std::vector<FleetCheck> checks;
  if (trial.blocked.code == Reason::never_fits) {
    checks = check_fleet(ask.state, partition, ask.job.request);
  }
  const std::string misfit = first_misfit(checks);
  ask.note("placement in partition " + partition.name, trial.allocation.has_value(),
           trial_text(trial, misfit), trial.blocked.amount);
  if (ask.misfit.empty()) ask.misfit = misfit;
  for (FleetCheck& check : checks) ask.verdict.checks.push_back(std::move(check.verdict));
}

Blocked look_at(Inquiry& ask, const std::string& name) {
  if (const Blocked shut = gate(ask.state, name, ask.job.request); shut.code != Reason::none) {
    const std::string text = gate_text(ask.state, name, ask.job.request, shut.code);
    ask.note("partition " + name, false, text, shut.amount);
    if (ask.closed.empty()) ask.closed = "partition " + name + " " + text;
    return shut;
  }
  const PartitionSettings* partition = find_partition(ask.state.record.settings, name);
  const Bitset ready = ready_nodes(ask.state, ask.contact, name);
  note_nodes(ask, *partition, ready);
  note_cores(ask, *partition, ready);
  const Trial trial =
      try_place(ask.state, *ask.policies.select, *partition, ready, ask.job.request);
  note_placement(ask, *partition, trial);
  if (trial.is_hopeless) return trial.blocked;
  const auto ahead = jobs_ahead(ask, *partition);
  const auto blocker = job_in_the_way(ask, *partition, ready, ahead);
  const std::size_t starts = starts_of(ahead);
  ask.note("order in partition " + name, !blocker.has_value(),
           blocker.has_value() ? "behind job " + job_name(*ask.state.find_job(*blocker)) + ", " +
                                     count_text(starts, "job") + " ahead"
                               : "no job in the way",
           starts);
  if (blocker.has_value()) return Blocked{Reason::priority, starts};
  if (trial.allocation.has_value() && ask.verdict.nodes.empty()) {
    ask.verdict.nodes = nodes_of(ask.state, *trial.allocation);
  }
  return trial.blocked;
}

std::string summary_of(const Job& job, const Blocked& blocked) {
  switch (blocked.code) {
    case Reason::none:
      return "it can start now";
    case Reason::priority:
      return count_text(blocked.amount, "job") + (blocked.amount == 1 ? " is" : " are") +
             " ahead of it";
    case Reason::resources:
      return "it is next, and waits for resources: " + count_text(blocked.amount, "node") +
             " missing";
    case Reason::held_by_user:
    case Reason::held_by_admin:
    case Reason::held_by_system:
      return "it is held" + (job.run->why.empty() ? std::string() : ": " + job.run->why);
    case Reason::begin_time:
      return "its begin time is in " + number(blocked.amount) + " s";
    case Reason::nodes_unavailable:
      return count_text(blocked.amount, "node") + " it could use " +
             (blocked.amount == 1 ? "is" : "are") + " set aside, resting, silent or lost";
    case Reason::never_fits:
      return std::string("no state of this fleet fits it: ") + no_node_has_all;
    case Reason::partition_unknown:
    case Reason::partition_down:
    case Reason::partition_time_limit:
    case Reason::partition_node_limit:
      return "its partitions are closed to it";
    case Reason::array_limit:
      return count_text(blocked.amount, "element") + " of its array run" +
             (blocked.amount == 1 ? "s" : "") + " already, as many as may at once";
  }
  return {};
}

bool is_closed(Reason code) {
  return code == Reason::partition_unknown || code == Reason::partition_down ||
         code == Reason::partition_time_limit || code == Reason::partition_node_limit;
}

std::string next_event_of(const Blocked& blocked) {
  switch (blocked.code) {
    case Reason::none:
      return "the next pass";
    case Reason::priority:
      return "a start or cancel of a job ahead of it";
    case Reason::resources:
      return "the end of a running job";
    case Reason::begin_time:
      return "its begin time";
    case Reason::nodes_unavailable:
      return "a node that comes back or is resumed";
    case Reason::never_fits:
    case Reason::partition_unknown:
    case Reason::partition_time_limit:
    case Reason::partition_node_limit:
      return "a change of the fleet, the configuration or the request";
    case Reason::partition_down:
      return "cox partition up";
    case Reason::held_by_user:
    case Reason::held_by_admin:
    case Reason::held_by_system:
      return "cox release";
    case Reason::array_limit:
      return "the end of a running element";
  }
  return {};
}

/// Nothing keeps this job from starting: what happened to it instead.
std::string why_not_waiting(const State& state, const Job& job) {
  if (const std::string stuck = stuck_text(state, job); !stuck.empty()) {
    return "it cannot end: " + stuck;
  }
  if (job.phase == JobPhase::split) return "each element that has not ended is a job of its own";
  if (job.phase != JobPhase::ended) return "it has started";
  return job.run->why.empty() ? "it has ended" : "it has ended: " + job.run->why;
}

Verdict explain_waiting(const State& state,
                        const Contact& contact,
                        Instant now,
                        Policies policies,
                        const Job& job,
                        std::uint32_t index) {
  Inquiry ask{state, contact, now, policies, job, index, Verdict{}, {}, {}};
  Blocked best = blocked_by_itself(state, job, now);
  if (best.code != Reason::none) {
    const bool is_limit = best.code == Reason::array_limit;
    ask.note(is_limit ? "elements at once" : "hold and begin time", false, summary_of(job, best),
             best.amount);
  } else {
    ask.note("hold and begin time", true, "not held, may begin", 0);
    best = Blocked{Reason::partition_unknown, 0};
    for (const std::string& name : job.request.common->partitions)
      best = nearer(best, look_at(ask, name));
  }
  ask.verdict.code = best.code;
  ask.verdict.amount = best.amount;
  ask.verdict.summary = summary_of(job, best);
  if (best.code == Reason::never_fits && !ask.misfit.empty()) {
    ask.verdict.summary = "no state of this fleet fits it: " + ask.misfit;
  }
  if (is_closed(best.code)) ask.verdict.summary = ask.closed;
  ask.verdict.next_event = next_event_of(best);
  return std::move(ask.verdict);
}

}  // namespace

Verdict explain(const State& state,
                const Contact& contact,
                Instant now,
                Policies policies,
                JobId id,
                std::optional<std::uint32_t> index) {
  const Job* job = state.find_job(id);
  if (job == nullptr) return Verdict{Reason::none, 0, "no such job", {}, {}};
  if (job->phase != JobPhase::pending) {
    return Verdict{Reason::none, 0, why_not_waiting(state, *job), {}, {}};
  }
  const std::uint32_t first = is_array(*job) ? remainder(*job).first() : job->index;
  return explain_waiting(state, contact, now, policies, *job, index.value_or(first));
}

Verdict foretell(const State& state,
                 const Contact& contact,
                 Instant now,
                 Policies policies,
                 const JobSubmitted& submitted) {
  Job job;
  job.id = submitted.job;
  job.request = submitted.request;
  job.submitted = submitted.at;
  job.hold = submitted.request.held ? Hold::by_user : Hold::none;
  const std::uint32_t first = is_array(job) ? remainder(job).first() : 0;
  return explain_waiting(state, contact, now, policies, job, first);
}

}  // namespace cox::core
