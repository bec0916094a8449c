// See changes.h.
#include "core/job/changes.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cox::core {
namespace {

template <class T>
void set(const std::optional<T>& from, T* to) {
  if (from) *to = *from;
}

void replace_gpus(const std::vector<DeviceRequest>& gpus, Component& to) {
  std::erase_if(to.devices, [](const DeviceRequest& one) { return one.name == "gpu"; });
  to.devices.insert(to.devices.end(), gpus.begin(), gpus.end());
}

void change_nodes(const JobChanges& changes, Component& to) {
  set(changes.nodes_min, &to.nodes_min);
  set(changes.nodes_max, &to.nodes_max);
  set(changes.tasks, &to.tasks);
  set(changes.tasks_per_node, &to.tasks_per_node);
  set(changes.cpus_per_task, &to.cpus_per_task);
  set(changes.exclusive, &to.exclusive);
  set(changes.exclusive_user, &to.exclusive_user);
  if (changes.exclusive == true) to.exclusive_user = false;
  if (changes.exclusive_user == true) to.exclusive = false;
  // One of them at a time, as with the options.
  if (changes.memory_per_node_mib) to.memory_per_cpu_mib = -1;
  if (changes.memory_per_cpu_mib) to.memory_per_node_mib = -1;
  set(changes.memory_per_node_mib, &to.memory_per_node_mib);
  set(changes.memory_per_cpu_mib, &to.memory_per_cpu_mib);
  set(changes.devices, &to.devices);
  if (changes.gpus) replace_gpus(*changes.gpus, to);
  if (!changes.gpus_in_all) return;
  DeviceRequest each = *changes.gpus_in_all;
  each.count /= std::max(to.nodes_min, 1U);  // check_division() has seen to it
  replace_gpus(each.count == 0 ? std::vector<DeviceRequest>{} : std::vector{std::move(each)}, to);
}

void change_manner(const JobChanges& changes, JobCommon& to) {
  set(changes.directory, &to.directory);
  set(changes.output, &to.output);
  set(changes.error, &to.error);
  set(changes.input, &to.input);
  set(changes.append_output, &to.append_output);
  if (changes.append_output) to.truncate_output = !*changes.append_output;
  set(changes.retry, &to.retry);
  set(changes.early_signal, &to.early_signal);
  set(changes.bind, &to.bind);
  set(changes.distribution, &to.distribution);
  if (!to.has_initial_step) return;
  set(changes.bind, &to.initial_step.bind);
  set(changes.distribution, &to.initial_step.distribution);
}

void change_wishes(const JobChanges& changes, Cow<JobWishes>& to) {
  if (!changes.constraint && !changes.prefer && !changes.licenses && !changes.switches) return;
  JobWishes made = *to;
  set(changes.constraint, &made.constraint);
  set(changes.prefer, &made.prefer);
  set(changes.licenses, &made.licenses);
  set(changes.switches, &made.switches);
  to = made == JobWishes{} ? Cow<JobWishes>{} : Cow<JobWishes>(std::move(made));
}

void change_common(const JobChanges& changes, JobCommon& to) {
  set(changes.comment, &to.comment);
  set(changes.account, &to.account);
  set(changes.qos, &to.qos);
  change_wishes(changes, to.wishes);
  set(changes.partitions, &to.partitions);
  set(changes.nodes_wanted, &to.nodes_wanted);
  set(changes.nodes_excluded, &to.nodes_excluded);
  set(changes.nice, &to.nice);
  set(changes.requeue, &to.requeue);
  if (changes.at_once_max) to.array.at_once_max = *changes.at_once_max;
  if (!to.components.empty()) change_nodes(changes, to.components.front());
  for (const auto& [key, value] : changes.labels) {
    if (value) {
      to.labels[key] = *value;
    } else {
      to.labels.erase(key);
    }
  }
}

void change_terms(const JobChanges& changes, Cow<JobTerms>& to) {
  if (changes.dependency) {
    to.edit().dependency = *changes.dependency;
    to.edit().past = changes.past;
  }
  if (changes.keep_when_never) to.edit().keep_when_never = *changes.keep_when_never;
  if (changes.deadline) to.edit().deadline = *changes.deadline;
  if (*to == JobTerms{}) to = Cow<JobTerms>{};
}

}  // namespace

JobRequest changed(const JobRequest& from, const JobChanges& changes) {
  JobRequest to = from;
  set(changes.name, &to.name);
  set(changes.begin, &to.begin);
  set(changes.time_limit, &to.time_limit);
  set(changes.environment, &to.environment);
  JobCommon common = *from.common;
  change_common(changes, common);
  change_manner(changes, common);
  if (!(common == *from.common)) to.common = Cow<JobCommon>(std::move(common));
  change_terms(changes, to.terms);
  return to;
}

bool is_for_waiting_only(const JobChanges& changes) {
  JobChanges rest = changes;
  rest.comment.reset();
  rest.requeue.reset();
  rest.labels.clear();
  rest.time_limit.reset();
  const JobChanges none;
  return rest.name != none.name || rest.account || rest.qos || rest.constraint || rest.prefer ||
         rest.licenses || rest.switches || rest.partitions || rest.exclusive_user ||
         rest.nodes_wanted || rest.nodes_excluded || rest.nodes_min || rest.nodes_max ||
         rest.tasks || rest.tasks_per_node || rest.cpus_per_task || rest.at_once_max ||
         rest.memory_per_node_mib || rest.memory_per_cpu_mib || rest.exclusive || rest.held ||
         rest.keep_when_never || rest.nice || rest.begin || rest.deadline || rest.dependency ||
         is_for_scripts_only(rest) || rest.directory || rest.devices || rest.gpus ||
         rest.gpus_in_all || rest.bind || rest.distribution || rest.early_signal;
}

bool is_for_scripts_only(const JobChanges& changes) {
  return changes.output || changes.error || changes.input || changes.append_output ||
         changes.retry || changes.environment;
}

Result<void> check_division(const JobRequest& from, const JobChanges& changes) {
  if (!changes.gpus_in_all || from.common->components.empty()) return {};
  const Component& part = from.common->components.front();
  const std::uint32_t least = changes.nodes_min.value_or(part.nodes_min);
  const std::uint32_t most = changes.nodes_max.value_or(part.nodes_max);
  const std::uint32_t gpus = changes.gpus_in_all->count;
  if (least != 0 && least == most && gpus % least == 0) return {};
  return fail(Code::bad_usage, "gpus=" + std::to_string(gpus) + ": cannot be divided evenly over " +
                                   std::to_string(least) +
                                   (least == most ? "" : " to " + std::to_string(most)) +
                                   " nodes (use gpus-per-node)");
}

const char* key_of_whole_array(const JobChanges& changes) {
  if (changes.name) return "name";
  if (changes.dependency) return "dependency";
  if (changes.keep_when_never) return "kill-on-invalid-dep";
  return changes.at_once_max ? "array-limit" : nullptr;
}

}  // namespace cox::core
