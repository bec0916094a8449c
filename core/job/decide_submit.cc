// SubmitJob: the request is checked as a whole, defaults are resolved, and the job gets its id.
// What no state of the fleet could run is refused (core/schedule/impossible.h).
#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "common/text.h"
#include "core/job/lifecycle.h"
#include "core/job/permission.h"
#include "core/scene.h"
#include "core/schedule/impossible.h"

namespace cox::core {
namespace {

constexpr std::uint32_t tasks_max = 10'000'000;
constexpr std::uint32_t nodes_max = 1'000'000;
constexpr std::uint32_t cpus_per_task_max = 131'072;
constexpr std::int64_t memory_max_mib = std::int64_t{1} << 40;

std::string number(std::uint64_t n) {
  return std::to_string(n);
}

Failure over(const std::string& what, std::uint64_t value, std::uint64_t limit) {
  return fail(Code::bad_usage, number(value) + " " + what + ": at most " + number(limit));
}

Result<void> check_amounts(const Component& c) {
  if (c.nodes_min == 0) return fail(Code::bad_usage, "0 nodes: a job needs at least 1");
  if (c.nodes_min > c.nodes_max) {
    return fail(Code::bad_usage, "nodes " + number(c.nodes_min) + "-" + number(c.nodes_max) +
                                     ": the minimum is over the maximum");
  }
  if (c.nodes_max > nodes_max) return over("nodes", c.nodes_max, nodes_max);
  if (c.tasks > tasks_max) return over("tasks", c.tasks, tasks_max);
  if (c.tasks_per_node > tasks_max) return over("tasks per node", c.tasks_per_node, tasks_max);
  if (c.cpus_per_task > cpus_per_task_max) {
    return over("cpus per task", c.cpus_per_task, cpus_per_task_max);
  }
  for (const DeviceRequest& device : c.devices) {
    if (device.count > tasks_max) return over(device.name + " per node", device.count, tasks_max);
  }
  return {};
}

Result<void> check_memory(const Component& c) {
  if (c.memory_per_node_mib >= 0 && c.memory_per_cpu_mib >= 0) {
    return fail(Code::bad_usage, "memory is given both per node and per cpu");
  }
  for (const std::int64_t mib : {c.memory_per_node_mib, c.memory_per_cpu_mib}) {
    if (mib < -1 || mib > memory_max_mib) {
      return fail(Code::bad_usage, "memory of " + std::to_string(mib) + " MiB: out of range");
    }
  }
  return {};
}

/// Makes nodes and tasks agree: more nodes than tasks shrink to one task each, as users of other
/// schedulers expect; nodes named by the user raise the count.
Result<void> settle_nodes(Component& c, std::size_t wanted) {
  const std::uint32_t named = static_cast<std::uint32_t>(wanted);
  c.nodes_min = std::max(c.nodes_min, named);
  c.nodes_max = std::max(c.nodes_max, named);
  if (c.tasks == 0) return {};
  if (c.tasks_per_node != 0) {
    const std::uint32_t needed = (c.tasks + c.tasks_per_node - 1) / c.tasks_per_node;
    if (needed > c.nodes_max) {
      return fail(Code::bad_usage, number(c.tasks) + " tasks at " + number(c.tasks_per_node) +
                                       " per node need " + number(needed) + " nodes, more than " +
                                       number(c.nodes_max));
    }
    c.nodes_min = std::max(c.nodes_min, needed);
  }
  c.nodes_min = std::max(named, std::min(c.nodes_min, c.tasks));
  c.nodes_max = std::max(c.nodes_min, std::min(c.nodes_max, c.tasks));
  if (c.tasks < c.nodes_min) {
    return fail(Code::bad_usage, number(c.tasks) + " tasks on " + number(c.nodes_min) +
                                     " nodes: a node would have none");
  }
  return {};
}

const PartitionSettings* find_partition(const Settings& settings, const std::string& name) {
  for (const PartitionSettings& partition : settings.partitions) {
    if (partition.name == name) return &partition;
  }
  return nullptr;
}

Failure unknown_partition(const Settings& settings, const std::string& name) {
  std::vector<std::string> known;
  for (const PartitionSettings& partition : settings.partitions) known.push_back(partition.name);
  const auto similar = nearest(name, known);
  return fail(Code::not_found, "no partition " + quoted(name) +
                                   (similar.has_value() ? ", did you mean " + *similar : ""));
}

/// The partitions as given, each once; the default ones when none is.
Result<std::vector<std::string>> settled_partitions(const std::vector<std::string>& given,
                                                    const Settings& settings) {
  std::vector<std::string> names;
  for (const std::string& name : given) {
    if (find_partition(settings, name) == nullptr) return unknown_partition(settings, name);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  if (!names.empty()) return names;
  for (const PartitionSettings& partition : settings.partitions) {
    if (partition.is_default) names = {partition.name};
  }
  if (!names.empty()) return names;
  return fail(Code::bad_usage, "no partition is given and none is the default");
}

/// A limit of 0 or none at all takes the partition's default, else its maximum.
Result<void> settle_time(JobRequest& request, const PartitionSettings& partition) {
  if (request.time_limit.us <= 0 || request.time_limit >= duration_unlimited) {
    request.time_limit = std::min(partition.default_time, partition.max_time);
  }
  if (request.time_limit <= partition.max_time) return {};
  return fail(Code::refused, "time limit " + to_text(request.time_limit) + " is over the limit " +
                                 to_text(partition.max_time) + " of partition " + partition.name);
}

Result<void> settle_limits(JobRequest& request,
                           Component& c,
                           const std::vector<std::string>& partitions,
                           const Settings& settings) {
  for (const std::string& name : partitions) {
    const PartitionSettings& partition = *find_partition(settings, name);
    if (auto timed = settle_time(request, partition); !timed.has_value()) return timed;
    if (partition.max_nodes == 0) continue;
    if (c.nodes_min > partition.max_nodes) {
      return fail(Code::refused, number(c.nodes_min) + " nodes are over the limit " +
                                     number(partition.max_nodes) + " of partition " + name);
    }
    c.nodes_max = std::min(c.nodes_max, partition.max_nodes);
  }
  return {};
}

Result<void> check_content(const JobRequest& request) {
  if (request.common->kind == JobKind::batch && request.script.empty() && request.argv.empty()) {
    return fail(Code::bad_usage, "a batch job needs a script or a command");
  }
  if (request.common->kind == JobKind::interactive && request.common->has_initial_step &&
      request.common->initial_step.argv.empty()) {
    return fail(Code::bad_usage, "the initial step has no command");
  }
  if (!request.common->constraint.empty()) {
    return fail(Code::refused,
                "constraint " + quoted(request.common->constraint) + ": no node has labels");
  }
  for (const std::string& name : request.common->nodes_wanted) {
    if (std::ranges::find(request.common->nodes_excluded, name) !=
        request.common->nodes_excluded.end()) {
      return fail(Code::bad_usage, "node " + quoted(name) + " is both wanted and excluded");
    }
  }
  return {};
}

/// The initial step has to fit the job's own shape, whatever nodes it will get.
Result<void> check_initial_step(const JobRequest& request) {
  if (request.common->kind != JobKind::interactive || !request.common->has_initial_step) return {};
  const Component& c = request.common->components.front();
  if (request.common->initial_step.nodes > c.nodes_max) {
    return fail(Code::bad_usage, "step of " + number(request.common->initial_step.nodes) +
                                     " nodes: the job asks for " + number(c.nodes_max));
  }
  return {};
}

Result<void> check_caller(const SubmitJob& ask) {
  if (ask.caller.role == Role::read_only) {
    return fail(Code::not_permitted, "uid " + number(ask.caller.uid) + " may only read");
  }
  if (ask.request.common->user.uid != ask.caller.uid && ask.caller.role < Role::administrator) {
    return fail(Code::not_permitted, "uid " + number(ask.caller.uid) + " may not submit as uid " +
                                         number(ask.request.common->user.uid));
  }
  if (ask.request.common->nice < 0 && !is_operator(ask.caller)) {
    return fail(Code::not_permitted, "nice " + std::to_string(ask.request.common->nice) +
                                         ": only an operator may raise a job");
  }
  return {};
}

Result<void> check(const SubmitJob& ask) {
  const JobCommon& common = *ask.request.common;
  if (common.components.size() != 1) {
    return fail(Code::refused, "a job of " + number(common.components.size()) +
                                   " components: only one is accepted");
  }
  const Component& component = common.components.front();
  for (const auto& checked : {check_caller(ask), check_amounts(component), check_memory(component),
                              check_content(ask.request), check_initial_step(ask.request)}) {
    if (!checked.has_value()) return checked;
  }
  if (common.nodes_wanted.size() <= nodes_max) return {};
  return over("nodes named", common.nodes_wanted.size(), nodes_max);
}

/// Only what settling changes is written, so that requests made from one value go on sharing it.
Result<JobRequest> settled(const SubmitJob& ask, const Settings& settings) {
  if (auto checked = check(ask); !checked.has_value()) return Failure(checked.error());
  JobRequest request = ask.request;
  const JobCommon& asked = *ask.request.common;
  Component component = asked.components.front();
  if (auto done = settle_nodes(component, asked.nodes_wanted.size()); !done.has_value()) {
    return Failure(done.error());
  }
  auto partitions = settled_partitions(asked.partitions, settings);
  if (!partitions.has_value()) return Failure(partitions.error());
  if (auto done = settle_limits(request, component, *partitions, settings); !done.has_value()) {
    return Failure(done.error());
  }
  if (component != asked.components.front()) request.common.edit().components = {component};
  if (*partitions != asked.partitions) request.common.edit().partitions = std::move(*partitions);
  if (asked.kind == JobKind::interactive && asked.requeue) request.common.edit().requeue = false;
  return request;
}

struct KeyOwner {
  JobId job;
  Uid uid = 0;
};

/// Nothing when nobody used the key, as far as is known.
std::optional<KeyOwner> owner_of(const State& state, const ClientKey& key) {
  const auto found = key.empty() ? std::nullopt : state.index.job_by_key.find(key);
  if (!found.has_value()) return std::nullopt;
  if (const Job* job = state.find_job(*found)) {
    return KeyOwner{*found, job->request.common->user.uid};
  }
  return KeyOwner{*found, state.record.forgotten.at(*found).uid};
}

/// A loop that submits for ever fills the controller's memory and everybody's queue. Whoever keeps
/// the cluster may do it.
Result<void> check_quota(const State& state, const SubmitJob& ask) {
  if (is_operator(ask.caller)) return {};
  const UserIdentity& user = ask.request.common->user;
  const std::uint32_t limit = state.record.settings.jobs_per_user;
  const auto found = state.index.unended_of_user.find(user.uid);
  const std::size_t jobs = found == state.index.unended_of_user.end() ? 0 : found->second;
  if (jobs < limit) return {};
  return fail(Code::refused, "user " + quoted(user.name) + " has " + number(jobs) +
                                 " jobs that wait or run: at most " + number(limit) +
                                 " (scheduling.jobs_per_user)");
}

}  // namespace

std::optional<JobId> submitted_before(const State& state, const SubmitJob& submit) {
  const auto owner = owner_of(state, submit.key);
  if (!owner || owner->uid != submit.request.common->user.uid) return std::nullopt;
  return owner->job;
}

Result<Facts> decide_one(const Scene& scene, const SubmitJob& ask) {
  if (submitted_before(scene.state, ask).has_value()) return Facts{};
  if (owner_of(scene.state, ask.key)) {
    return fail(Code::refused, "the client key is in use by another user's job");
  }
  if (auto checked = check_quota(scene.state, ask); !checked) return Failure(checked.error());
  auto request = settled(ask, scene.state.record.settings);
  if (!request.has_value()) return Failure(request.error());
  if (auto possible = check_possible(scene.state, scene.now, *request); !possible.has_value()) {
    return Failure(possible.error());
  }
  return Facts{JobSubmitted{scene.state.record.next_job, ask.key, scene.now, std::move(*request)}};
}

}  // namespace cox::core
