// explain(): the full verdict on one waiting job, by the same tests as the pass and without the
// Plan.
#include <algorithm>
#include <string>
#include <vector>

#include "common/count_text.h"
#include "common/node_list.h"
#include "common/text.h"
#include "core/fleet/trouble.h"
#include "core/job/array.h"
#include "core/job/dependency_text.h"
#include "core/job/waits.h"
#include "core/schedule/class_key.h"
#include "core/schedule/explain_text.h"
#include "core/schedule/gate.h"
#include "core/schedule/leaves.h"
#include "core/schedule/licenses.h"
#include "core/schedule/misfit.h"
#include "core/schedule/outlook.h"
#include "core/schedule/priority_text.h"
#include "core/schedule/tenants.h"
#include "core/schedule/waits.h"
#include "core/slice/standing.h"

namespace cox::core {
namespace {

struct Inquiry {
  const State& state;
  const Contact& contact;
  Instant now;
  Policies policies;
  const Job& job;
  std::uint32_t index;  // of an element without a job of its own; else the job's
  Verdict verdict;
  std::string misfit;        // the first test that no state of the fleet passes
  std::string closed;        // what the first partition that is closed to it says
  std::string missing{};     // of the first partition: its nodes that are away
  std::string scarce{};      // the first device of which too few are free
  std::string unlicensed{};  // the first license likewise

  void note(const std::string& name, bool passed, const std::string& detail, std::uint64_t amount) {
    verdict.checks.push_back(VerdictCheck{name, passed, detail, amount});
  }
};

std::string start_text(const Forecast& forecast) {
  if (!forecast.start.has_value()) return "not in sight";
  std::string text = to_utc_text(Instant{*forecast.start * 1'000'000});
  std::vector<std::string> jobs;
  for (const JobId id : forecast.behind) jobs.push_back(std::to_string(id.value));
  if (!jobs.empty()) {
    text += ", when " + std::string(jobs.size() == 1 ? "job " : "jobs ") + join(jobs, ", ") +
            (jobs.size() == 1 ? " has" : " have") + " ended";
  }
  return text + (forecast.is_estimate ? " (an estimate)" : "");
}

/// Nodes that come back by themselves, and when: "; n3 rests until ... after failed starts: ...".
std::string absences(const State& state, const std::string& partition) {
  constexpr std::size_t named_max = 4;
  std::size_t named = 0;
  std::string text;
  partition_nodes(state, partition).for_each([&](std::size_t i) {
    const Node& node = state.record.nodes[i];
    const bool is_stuck = !node.stuck.empty();
    if ((!is_stuck && !node.backed_off_until.is_set()) || ++named > named_max) return;
    text += "; " + node.name +
            (is_stuck ? " is stuck: " + stuck_text(state, node)
                      : " rests until " + to_utc_text(node.backed_off_until) +
                            " after failed starts: " + node.why);
  });
  return named > named_max ? text + "; " + std::to_string(named - named_max) + " more" : text;
}

void note_nodes(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  const std::size_t all = partition_nodes(ask.state, partition.name).count();
  const std::size_t away = all - ready.count();
  const std::string missing =
      missing_text(ask.state, ask.contact, partition_nodes(ask.state, partition.name), ready);
  const std::string detail =
      (missing.empty() ? "" : "; " + missing) + absences(ask.state, partition.name);
  ask.note("nodes of partition " + partition.name, away == 0 && all != 0,
           std::to_string(ready.count()) + " of " + std::to_string(all) + " nodes take new work" +
               detail,
           away);
  if (!ask.missing.empty()) return;
  const std::string place = " of partition " + partition.name;
  if (all == 0) {
    ask.missing = "no node" + place + " has registered yet";
  } else if (ready.none()) {
    ask.missing = (all == 1 ? "the only node" : "all " + std::to_string(all) + " nodes") + place +
                  (all == 1 ? " takes" : " take") + " no new work" + detail;
  } else if (away != 0) {
    ask.missing = count_text(away, "node") + place + (away == 1 ? " takes" : " take") +
                  " no new work" + detail;
  }
}

/// Where jobs that share with their own user only are, or this one is such a job.
void note_users(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  const auto closed = closed_nodes(ask.state, ready, ask.job.request);
  if (!closed.has_value()) return;
  const std::size_t nodes = closed->count();
  const bool is_one = nodes == 1;
  const std::string what =
      tenant_of(ask.job.request).is_apart
          ? std::string(is_one ? " runs" : " run") + " jobs of users with whom it is not to share"
          : std::string(is_one ? " is" : " are") + " kept by jobs that share with no other user";
  ask.note("other users in partition " + partition.name, false, count_text(nodes, "node") + what,
           nodes);
}

/// On how few switches its nodes are to be, and for how long it waits for that.
void note_leaves(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  const LeafLimit& limit = ask.job.request.common->wishes->switches;
  if (limit.count == 0 || !knows_leaves(ask.state.record.settings)) return;
  const std::string name = "switches in partition " + partition.name;
  const std::string few = "at most " + std::to_string(limit.count);
  if (!limit.counts()) {
    ask.note(name, true, few + " were waited for long enough: any number will do", 0);
    return;
  }
  const std::size_t idle = most_idle(ask.state, ready, limit.count);
  const std::uint32_t least = ask.job.request.common->components.front().nodes_min;
  const auto eligible = eligible_from(ask.state, ask.job);
  std::string until = ", however long that takes";
  if (limit.ends() && eligible) {
    until = " until " + to_utc_text(std::max(*eligible, ask.job.submitted) + limit.wait);
  }
  ask.note(name, idle >= least,
           few + until + "; the most idle nodes on so few: " + std::to_string(idle) + ", " +
               std::to_string(least) + " needed",
           idle);
}

void note_devices(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  const auto least = std::max<std::size_t>(ask.job.request.common->components.front().nodes_min,
                                           ask.job.request.common->nodes_wanted.size());
  for (const DeviceRoom& room : device_rooms(ask.state, ready, ask.job.request)) {
    const bool is_enough = room.nodes >= least;
    const std::string text = "free on " + count_text(room.nodes, "node") + ", " +
                             std::to_string(least) +
                             " needed; the most on one node: " + std::to_string(room.most);
    ask.note("free " + quoted(room.asked) + " in partition " + partition.name, is_enough, text,
             room.nodes);
    if (!is_enough && ask.scarce.empty()) ask.scarce = quoted(room.asked) + " " + text;
  }
}

/// Of the cluster, whatever the partition.
void note_licenses(Inquiry& ask) {
  for (const LicenseRoom& room : license_rooms(ask.state, licenses_of(ask.job.request))) {
    const std::string text = license_room_text(ask.state, room);
    ask.note("license " + quoted(room.asked.name), room.missing() == 0, text, room.missing());
    if (room.missing() != 0 && ask.unlicensed.empty()) {
      ask.unlicensed = quoted(room.asked.name) + ", " + text;
    }
  }
}

/// Where jobs take turns: nodes that have a row left.
void note_rows(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  const auto sliced = ask.state.index.sliced.find(partition.name);
  Bitset full = ready;
  for (std::uint32_t row = 1; row <= partition.rows; ++row) {
    full -=
        sliced == ask.state.index.sliced.end() ? ready : sliced->second.matrix.free_in(row, ready);
  }
  const std::size_t left = ready.count() - full.count();
  const std::uint64_t least = cores_least(ask.job.request, partition);
  ask.note("rows of partition " + partition.name, left >= least,
           count_text(left, "node") + " with one of " + std::to_string(partition.rows) +
               " rows free, " + std::to_string(least) + " needed, all in the same row",
           left);
}

void note_cores(Inquiry& ask, const PartitionSettings& partition, const Bitset& ready) {
  if (partition.takes_turns()) return note_rows(ask, partition, ready);
  std::uint64_t free = 0;
  ready.for_each([&](std::size_t node) { free += ask.state.index.free[node].cores.count(); });
  const std::uint64_t least = cores_least(ask.job.request, partition);
  ask.note("free cores of partition " + partition.name, free >= least,
           std::to_string(free) + " free, at least " + std::to_string(least) + " needed", free);
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
    case Reason::licenses:
      return "waits for licenses, whatever is free";
    case Reason::resources:
      return "does not fit what is free: " + count_text(trial.blocked.amount, "more node") +
             " needed";
    case Reason::nodes_unavailable:
      if (trial.blocked.amount == 0) return "waits for the first node";
      // Of several it is not known how many are enough.
      return trial.blocked.amount == 1 ? "would fit if 1 more node took new work"
                                       : "would fit if more nodes took new work, of " +
                                             std::to_string(trial.blocked.amount) + " that do not";
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

void note_expected(Inquiry& ask, Outlook& outlook) {
  const Forecast forecast = outlook.forecast(ask.job.request);
  std::uint64_t left_s = 0;
  if (forecast.start.has_value()) {
    const Second now = second_of(ask.now);
    left_s = static_cast<std::uint64_t>(std::max<Second>(0, *forecast.start - now));
    const Instant start{*forecast.start * 1'000'000};
    if (!ask.verdict.expected_start.is_set() || start < ask.verdict.expected_start) {
      ask.verdict.expected_start = start;
      ask.verdict.is_estimate = forecast.is_estimate;
      ask.verdict.behind = forecast.behind;
    }
  }
  ask.note("expected start in partition " + outlook.partition().name, forecast.start.has_value(),
           start_text(forecast), left_s);
}

/// The one directly ahead: of an array its last element, or that before our own.
std::string name_ahead(const Inquiry& ask, const Job& blocker) {
  if (!is_array(blocker) || remainder(blocker).empty()) return job_name(blocker);
  const ArraySpec& rest = remainder(blocker);
  std::uint32_t ahead = rest.last();
  if (blocker.id == ask.job.id) {
    ahead = rest.first();
    for (const ArrayRange& range : rest.ranges) {
      if (range.first >= ask.index) break;
      const std::uint32_t before = std::min(range.last, ask.index - 1);
      ahead = before - (before - range.first) % range.step;
    }
  }
  return cox::job_name(blocker.id, ahead);
}

Blocked look_at_gate(Inquiry& ask, const std::string& name) {
  const Blocked shut = gate(ask.state, name, ask.job.request);
  if (shut.code == Reason::none) return shut;
  const std::string text = gate_text(ask.state, name, ask.job.request, shut.code);
  ask.note("partition " + name, false, text, shut.amount);
  if (ask.closed.empty()) ask.closed = "partition " + name + " " + text;
  return shut;
}

Trial look_at_nodes(Inquiry& ask, Outlook& outlook) {
  const PartitionSettings& partition = outlook.partition();
  note_nodes(ask, partition, outlook.ready());
  note_cores(ask, partition, outlook.ready());
  note_users(ask, partition, outlook.ready());
  note_leaves(ask, partition, outlook.ready());
  note_devices(ask, partition, outlook.ready());
  Trial trial = outlook.trial(ask.job.request);
  note_placement(ask, partition, trial);
  return trial;
}

Outlook outlook_of(const Inquiry& ask, const std::string& name) {
  return Outlook(ask.state, ask.contact, ask.now, ask.policies,
                 *find_partition(ask.state.record.settings, name), ask.job, ask.index);
}

/// Of a job that is kept back by itself: what would keep it all the same. It has no place in the
/// order, so that no start can be foretold.
void look_beyond(Inquiry& ask, const std::string& name) {
  if (look_at_gate(ask, name).code != Reason::none) return;
  Outlook outlook = outlook_of(ask, name);
  look_at_nodes(ask, outlook);
}

Blocked look_at(Inquiry& ask, const std::string& name) {
  if (const Blocked shut = look_at_gate(ask, name); shut.code != Reason::none) return shut;
  Outlook outlook = outlook_of(ask, name);
  const PartitionSettings* partition = &outlook.partition();
  const Trial trial = look_at_nodes(ask, outlook);
  if (trial.is_hopeless) return trial.blocked;
  const auto blocker = outlook.blocker();
  const std::size_t starts = outlook.starts_ahead();
  ask.note("order in partition " + name, !blocker.has_value(),
           blocker.has_value() ? "behind job " + name_ahead(ask, *ask.state.find_job(*blocker)) +
                                     ", " + count_text(starts, "job") + " ahead"
                               : "no job in the way",
           starts);
  ask.note("priority in partition " + name, true,
           priority_text(ask.state, ask.policies, ask.now, ask.job, *partition), 0);
  if (const auto allocation = outlook.start_now(ask.job.request, trial)) {
    if (ask.verdict.nodes.empty()) ask.verdict.nodes = nodes_of(ask.state, *allocation);
    return Blocked{};
  }
  note_expected(ask, outlook);
  if (blocker.has_value() || trial.allocation.has_value()) {
    return Blocked{Reason::priority, starts};
  }
  return trial.blocked;
}

/// All partitions that it may start in are empty.
bool has_no_nodes(const Inquiry& ask) {
  const auto& names = ask.job.request.common->partitions;
  return std::ranges::all_of(
      names, [&](const std::string& name) { return partition_nodes(ask.state, name).none(); });
}

bool is_for_others(Reason code) {
  return code == Reason::dependency || code == Reason::dependency_never;
}

/// An array's elements wait alike, but for those that correspond to others.
std::optional<std::uint32_t> index_of_corresponding(const Job& job, std::uint32_t index) {
  const bool is_each = is_array(job) && !job.request.terms.is_blank() &&
                       has_kind(job.request.terms->dependency, DependencyKind::after_corresponding);
  return is_each ? std::optional(index) : std::nullopt;
}

void note_dependency(Inquiry& ask) {
  const auto lines =
      dependency_lines(ask.state, ask.job, index_of_corresponding(ask.job, ask.index));
  for (std::size_t i = 0; i < lines.size() && i < dependency_lines_max; ++i) {
    const bool is_met = lines[i].answer.met == Met::met && lines[i].answer.from <= ask.now;
    ask.note("dependency " + lines[i].what, is_met, lines[i].detail, is_met ? 0 : 1);
  }
  if (lines.size() > dependency_lines_max) {
    const std::size_t more = lines.size() - dependency_lines_max;
    const bool is_met = lines[dependency_lines_max].answer.met == Met::met;
    ask.note("dependency", is_met, "and " + count_text(more, "other job"), more);
  }
}

Verdict explain_waiting(const State& state,
                        const Contact& contact,
                        Instant now,
                        Policies policies,
                        const Job& job,
                        std::uint32_t index) {
  Inquiry ask{state, contact, now, policies, job, index, Verdict{}, {}, {}};
  Blocked best = blocked_by_itself(state, job, now);
  bool is_kept_by_itself = true;
  note_dependency(ask);
  if (is_for_others(best.code)) {
    ask.note("hold and begin time", true, "not held", 0);
  } else if (best.code != Reason::none) {
    const bool is_limit = best.code == Reason::array_limit;
    ask.note(is_limit ? "elements at once" : "hold and begin time", false, summary_of(job, best),
             best.amount);
  } else {
    ask.note("hold and begin time", true, "not held, may begin", 0);
    best = Blocked{Reason::partition_unknown, 0};
    note_licenses(ask);
    for (const std::string& name : job.request.common->partitions)
      best = nearer(best, look_at(ask, name));
    is_kept_by_itself = false;
  }
  if (is_kept_by_itself) {
    note_licenses(ask);
    for (const std::string& name : job.request.common->partitions) look_beyond(ask, name);
  }
  ask.verdict.code = best.code;
  ask.verdict.amount = best.amount;
  ask.verdict.summary = summary_of(job, best);
  ask.verdict.next_event = next_event_of(best);
  if (best.code == Reason::never_fits && !ask.misfit.empty()) {
    ask.verdict.summary = "no state of this fleet fits it: " + ask.misfit;
  }
  if (is_closed(best.code)) ask.verdict.summary = ask.closed;
  if (best.code == Reason::dependency_never) {
    ask.verdict.summary = never_text(state, job, index_of_corresponding(job, index));
  }
  if (best.code == Reason::resources && !ask.scarce.empty()) {
    ask.verdict.summary += ": " + ask.scarce;
  }
  if (best.code == Reason::licenses && !ask.unlicensed.empty()) {
    ask.verdict.summary = "it is next, and waits for licenses: " + ask.unlicensed;
  }
  if (best.code == Reason::nodes_unavailable && !ask.missing.empty()) {
    ask.verdict.summary = ask.missing;
    if (has_no_nodes(ask)) ask.verdict.next_event = "a node that registers";
  }
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
    const std::string next = job->phase == JobPhase::starting
                                 ? "their answers, or after a minute another start"
                                 : standing_until(state, *job);
    return Verdict{Reason::none, 0, why_not_waiting(state, contact, *job), {}, next};
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
