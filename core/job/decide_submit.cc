// SubmitJob: the request is checked as a whole, defaults are resolved, and the job gets its id.
// What no state of the fleet could run is refused (core/schedule/impossible.h).
#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "common/text.h"
#include "core/job/dependency_check.h"
#include "core/job/lifecycle.h"
#include "core/job/membership.h"
#include "core/job/partition_limits.h"
#include "core/job/permission.h"
#include "core/job/settled.h"
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

Result<void> check_content(const JobRequest& request) {
  if (request.common->kind == JobKind::batch && request.script.empty() && request.argv.empty()) {
    return fail(Code::bad_usage, "a batch job needs a script or a command");
  }
  if (request.common->kind == JobKind::interactive && request.common->has_initial_step &&
      request.common->initial_step.argv.empty()) {
    return fail(Code::bad_usage, "the initial step has no command");
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

Result<void> check_elements(const JobRequest& request) {
  if (request.common->array.empty()) return {};
  if (request.common->kind == JobKind::interactive) {
    return fail(Code::bad_usage, "an interactive job cannot be an array");
  }
  return check_array(request.common->array);
}

Result<void> check_caller(const SubmitJob& ask) {
  if (ask.caller.role == Role::read_only) {
    return fail(Code::not_permitted, caller_text(ask.caller) + " may only read");
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
  for (const auto& checked :
       {check_caller(ask), check_amounts(component), check_memory(component),
        check_content(ask.request), check_initial_step(ask.request), check_elements(ask.request)}) {
    if (!checked.has_value()) return checked;
  }
  if (common.nodes_wanted.size() <= nodes_max) return {};
  return over("nodes named", common.nodes_wanted.size(), nodes_max);
}

}  // namespace

/// Only what settling changes is written, so that requests made from one value go on sharing it.
Result<JobRequest> settled(const SubmitJob& ask, const State& state, Instant now) {
  if (auto checked = check(ask); !checked.has_value()) return Failure(checked.error());
  JobRequest request = ask.request;
  const JobCommon& asked = *ask.request.common;
  Component component = asked.components.front();
  const std::size_t named =
      std::max<std::size_t>(asked.nodes_wanted.size(), asked.wishes->constraint.nodes_counted());
  if (named > nodes_max) return over("nodes counted", named, nodes_max);
  if (auto done = settle_nodes(component, named); !done.has_value()) {
    return Failure(done.error());
  }
  auto admission = admit(asked.partitions, component, request.time_limit, state.record.settings);
  if (!admission.has_value()) return Failure(admission.error());
  request.time_limit = admission->time_limit;
  component.nodes_max = std::min(component.nodes_max, admission->nodes_max);
  if (component != asked.components.front()) request.common.edit().components = {component};
  if (admission->partitions != asked.partitions) {
    request.common.edit().partitions = std::move(admission->partitions);
  }
  if (auto member = settle_membership(state.record.settings, request); !member.has_value()) {
    return Failure(member.error());
  }
  if (asked.early_signal.signal != 0 && asked.early_signal.before >= request.time_limit) {
    return fail(Code::refused, "signal " + to_text(asked.early_signal.before) +
                                   " before the end: the limit of the job is only " +
                                   to_text(request.time_limit));
  }
  if (asked.kind == JobKind::interactive && asked.requeue) request.common.edit().requeue = false;
  if (auto possible = check_possible(state, now, request); !possible.has_value()) {
    admission->refusals.push_back(possible.error().message);
    return fail(possible.error().code, join(admission->refusals, "; "));
  }
  return request;
}

namespace {

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

/// error: refused, where no start could bind as it asks
Result<void> check_binding(const JobCommon& job) {
  const bool is_beside_gpus = job.bind.kind == BindKind::gpu ||
                              (job.has_initial_step && job.initial_step.bind.kind == BindKind::gpu);
  if (!is_beside_gpus) return {};
  for (const Component& part : job.components) {
    for (const DeviceRequest& device : part.devices) {
      if (device.name == "gpu" && device.count > 0) return {};
    }
  }
  return fail(Code::refused, "--bind gpu: the job asks for no GPU (see: --gpus)");
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
  auto request = settled(ask, scene.state, scene.now);
  if (!request.has_value()) return Failure(request.error());
  if (auto bound = check_binding(*request->common); !bound) return Failure(bound.error());
  if (!request->terms.is_blank()) {
    const ArraySpec& array = request->common->array;
    for (const auto& checked : {check_dependency(scene.state, *request->terms, array),
                                check_deadline(scene.now, *request)}) {
      if (!checked.has_value()) return Failure(checked.error());
    }
  }
  return Facts{JobSubmitted{scene.state.record.next_job, ask.key, scene.now, std::move(*request)}};
}

}  // namespace cox::core
