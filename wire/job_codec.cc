// Requests of jobs and steps as bytes.
#include <string>
#include <vector>

#include "common/bitset.h"
#include "common/node_list.h"
#include "wire/check.h"
#include "wire/model_codec.h"
#include "wire/terms_codec.h"

namespace cox::wire {
namespace {

constexpr int groups_max = 65'536;  // the kernel's own limit
constexpr int limits_max = 64;
constexpr std::int32_t resource_max = 63;
constexpr std::uint32_t nodes_max = static_cast<std::uint32_t>(node_list_names_max);
constexpr std::uint32_t cpus_max = 4U * cores_per_node_max;
constexpr std::uint32_t device_count_max = 65'536;

using Texts = google::protobuf::RepeatedPtrField<std::string>;

void put(const std::vector<std::string>& from, Texts* to) {
  to->Clear();
  to->Reserve(static_cast<int>(from.size()));
  for (const auto& text : from) *to->Add() = text;
}

/// A list of short texts: names of nodes or partitions.
std::vector<std::string> take_names(const Texts& from, int limit, const char* what, Check& check) {
  std::vector<std::string> to;
  if (!check.count(from.size(), limit, what)) return to;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (const auto& name : from) to.push_back(check.text(name, what));
  return to;
}

/// Arguments are limited by their sum, as the kernel limits them.
std::vector<std::string> take_argv(const Texts& from, Check& check) {
  std::vector<std::string> to;
  if (!check.count(from.size(), argv_max, "arguments")) return to;
  std::size_t left = argv_bytes_max;
  for (const auto& argument : from) {
    if (argument.size() > left) {
      check.refuse("arguments are over the limit of " + std::to_string(argv_bytes_max) + " bytes");
      return {};
    }
    left -= argument.size();
    to.push_back(check.text(argument, "argument", argv_bytes_max));
  }
  return to;
}

void put(const cox::UserIdentity& from, UserIdentity* to) {
  to->set_uid(from.uid);
  to->set_gid(from.gid);
  to->mutable_groups()->Assign(from.groups.begin(), from.groups.end());
  to->set_name(from.name);
  to->set_home(from.home);
  to->set_shell(from.shell);
}

cox::UserIdentity take(const UserIdentity& from, Check& check) {
  cox::UserIdentity to;
  to.uid = from.uid();
  to.gid = from.gid();
  if (check.count(from.groups_size(), groups_max, "groups")) {
    to.groups.assign(from.groups().begin(), from.groups().end());
  }
  to.name = check.text(from.name(), "user name");
  to.home = check.text(from.home(), "home directory");
  to.shell = check.text(from.shell(), "shell");
  return to;
}

using Devices = google::protobuf::RepeatedPtrField<DeviceRequest>;

void put(const std::vector<cox::DeviceRequest>& from, Devices* to) {
  to->Clear();
  for (const auto& device : from) {
    auto* message = to->Add();
    message->set_name(device.name);
    message->set_type(device.type);
    message->set_count(device.count);
  }
}

std::vector<cox::DeviceRequest> take_devices(const Devices& from, Check& check) {
  std::vector<cox::DeviceRequest> to;
  if (!check.count(from.size(), names_max, "devices")) return to;
  for (const auto& device : from) {
    to.push_back({check.text(device.name(), "device name"),
                  check.text(device.type(), "device type"),
                  check.range(device.count(), 0U, device_count_max, "device count")});
  }
  return to;
}

void put(const cox::Component& from, Component* to) {
  to->set_nodes_min(from.nodes_min);
  to->set_nodes_max(from.nodes_max);
  to->set_tasks(from.tasks);
  to->set_tasks_per_node(from.tasks_per_node);
  to->set_cpus_per_task(from.cpus_per_task);
  to->set_memory_per_node_mib(from.memory_per_node_mib);
  to->set_memory_per_cpu_mib(from.memory_per_cpu_mib);
  put(from.devices, to->mutable_devices());
  to->set_exclusive(from.exclusive);
  to->set_exclusive_user(from.exclusive_user);
}

cox::Component take(const Component& from, Check& check) {
  cox::Component to;
  to.nodes_min = check.range(from.nodes_min(), 1U, nodes_max, "nodes");
  to.nodes_max = check.range(from.nodes_max(), to.nodes_min, nodes_max, "most nodes");
  to.tasks = check.range(from.tasks(), 0U, tasks_max, "tasks");
  to.tasks_per_node = check.range(from.tasks_per_node(), 0U, tasks_max, "tasks per node");
  to.cpus_per_task = check.range(from.cpus_per_task(), 0U, cpus_max, "cpus per task");
  to.memory_per_node_mib =
      check.range<std::int64_t>(from.memory_per_node_mib(), -1, memory_mib_max, "memory per node");
  to.memory_per_cpu_mib =
      check.range<std::int64_t>(from.memory_per_cpu_mib(), -1, memory_mib_max, "memory per cpu");
  to.devices = take_devices(from.devices(), check);
  to.exclusive = from.exclusive();
  to.exclusive_user = from.exclusive_user();
  return to;
}

cox::BindRequest take(const BindRequest& from, Check& check) {
  cox::BindRequest to;
  to.kind = check.choice(from.kind(), BindKind::list, "kind of binding");
  const bool is_list = to.kind == BindKind::list;
  if (is_list != (from.list_size() != 0)) check.refuse("a binding that is half a list");
  if (!check.count(from.list_size(), static_cast<int>(bind_list_tasks_max), "tasks of a binding")) {
    return to;
  }
  for (const std::string& text : from.list()) {
    const auto cores = Bitset::from_ranges(text, bind_list_cores_max);
    if (!cores || cores->none()) {
      check.refuse("cores " + quoted(text) + " of a binding");
      break;
    }
    auto& task = to.list.emplace_back();
    cores->for_each([&](std::size_t core) { task.push_back(static_cast<std::uint32_t>(core)); });
  }
  return to;
}

cox::Distribution take(const Distribution& from, Check& check) {
  cox::Distribution to;
  to.kind = check.choice(from.kind(), DistributionKind::plane, "kind of distribution");
  const bool is_plane = to.kind == DistributionKind::plane;
  to.plane =
      check.range(from.plane(), is_plane ? 1U : 0U, is_plane ? plane_max : 0U, "plane of ranks");
  return to;
}

void put_binding(const cox::BindRequest& bind,
                 const cox::Distribution& distribution,
                 const auto& to) {
  to->clear_bind();
  to->clear_distribution();
  if (bind.kind != BindKind::unset) {
    to->mutable_bind()->set_kind(static_cast<std::uint32_t>(bind.kind));
    for (const auto& cores : bind.list) {
      Bitset all(bind_list_cores_max);
      for (const std::uint32_t core : cores) all.set(core);
      to->mutable_bind()->add_list(all.to_ranges());
    }
  }
  if (distribution.kind == DistributionKind::unset) return;
  to->mutable_distribution()->set_kind(static_cast<std::uint32_t>(distribution.kind));
  to->mutable_distribution()->set_plane(distribution.plane);
}

/// What of its job a step wants, and who of it gets the input.
void take_part(const StepRequest& from, Check& check, cox::StepRequest* to) {
  to->sharing = check.choice(from.sharing(), StepSharing::overlap, "sharing of a step");
  // Steps of journals that knew no memory of theirs have not given any.
  if (from.has_memory_per_node_mib()) {
    to->memory_per_node_mib = check.range<std::int64_t>(from.memory_per_node_mib(), -1,
                                                        memory_mib_max, "step memory per node");
  }
  if (from.has_memory_per_cpu_mib()) {
    to->memory_per_cpu_mib = check.range<std::int64_t>(from.memory_per_cpu_mib(), -1,
                                                       memory_mib_max, "step memory per cpu");
  }
  to->devices = take_devices(from.devices(), check);
  const int names = static_cast<int>(nodes_max);
  to->nodes_wanted = take_names(from.nodes_wanted(), names, "wanted nodes", check);
  to->nodes_excluded = take_names(from.nodes_excluded(), names, "excluded nodes", check);
  if (from.has_input_task()) {
    to->input_task = check.range(from.input_task(), 0U, tasks_max, "task for the input");
  }
  to->bind = take(from.bind(), check);
  to->distribution = take(from.distribution(), check);
  to->pty = from.pty();
}

cox::StepRequest take(const StepRequest& from, Check& check) {
  cox::StepRequest to;
  to.argv = take_argv(from.argv(), check);
  to.name = check.text(from.name(), "step name");
  to.nodes = check.range(from.nodes(), 0U, nodes_max, "step nodes");
  to.tasks = check.range(from.tasks(), 0U, tasks_max, "step tasks");
  to.tasks_per_node = check.range(from.tasks_per_node(), 0U, tasks_max, "step tasks per node");
  to.cpus_per_task = check.range(from.cpus_per_task(), 0U, cpus_max, "step cpus per task");
  to.environment = check.take(take_hash(from.environment()), "environment");
  to.directory = check.text(from.directory(), "directory");
  to.output = check.text(from.output(), "output");
  to.error = check.text(from.error(), "error");
  to.input = check.text(from.input(), "input");
  to.mpi = check.choice(from.mpi(), MpiKind::pmi2, "mpi kind");
  to.label_output = from.label_output();
  to.kill_on_bad_exit = from.kill_on_bad_exit();
  to.time_limit.us = check.range<std::int64_t>(from.time_limit_us(), 0, amount_max, "time limit");
  take_part(from, check, &to);
  return to;
}

void put_limits(const cox::JobCommon& from, JobRequest* to) {
  to->clear_limits();
  for (const auto& limit : from.limits) {
    auto* message = to->add_limits();
    message->set_resource(limit.resource);
    message->set_soft(limit.soft);
    message->set_hard(limit.hard);
  }
}

void take_limits(const JobRequest& from, cox::JobCommon& to, Check& check) {
  if (!check.count(from.limits_size(), limits_max, "resource limits")) return;
  for (const auto& limit : from.limits()) {
    to.limits.push_back({check.range(limit.resource(), 0, resource_max, "resource limit"),
                         limit.soft(), limit.hard()});
  }
}

void take_who_and_what(const JobRequest& from, cox::JobCommon& to, Check& check) {
  to.kind = check.choice(from.kind(), JobKind::interactive, "job kind");
  to.user = take(from.user(), check);
  to.account = check.text(from.account(), "account");
  to.qos = check.text(from.qos(), "qos");
  to.comment = check.text(from.comment(), "comment");
  if (check.count(static_cast<int>(from.labels().size()), names_max, "labels")) {
    for (const auto& [key, value] : from.labels()) {
      to.labels.emplace(check.text(key, "label"), check.text(value, "label value"));
    }
  }
  to.directory = check.text(from.directory(), "directory");
  to.output = check.text(from.output(), "output");
  to.error = check.text(from.error(), "error");
  to.input = check.text(from.input(), "input");
  to.append_output = from.append_output();
  to.truncate_output = from.truncate_output() && !from.append_output();
  to.ends_with_client = from.ends_with_client();
  to.umask = check.range(from.umask(), 0U, 0777U, "umask");
  take_limits(from, to, check);
  to.submit_host = check.text(from.submit_host(), "submit host");
  to.submit_directory = check.text(from.submit_directory(), "submit directory");
}

void take_where(const JobRequest& from, cox::JobCommon& to, Check& check) {
  constexpr int nodes = static_cast<int>(nodes_max);
  to.partitions = take_names(from.partitions(), names_max, "partitions", check);
  take_wishes(from, to, check);
  to.nodes_wanted = take_names(from.nodes_wanted(), nodes, "wanted nodes", check);
  to.nodes_excluded = take_names(from.nodes_excluded(), nodes, "excluded nodes", check);
  if (check.count(from.components_size(), components_max, "components")) {
    for (const auto& component : from.components()) {
      to.components.push_back(take(component, check));
    }
  }
  to.array = check.take(take(from.array(), from.array_at_once()), "array");
  to.nice = from.nice();
  to.requeue = from.requeue();
  take_manners(from, to, check);
  to.has_initial_step = from.has_initial_step();
  if (to.has_initial_step) to.initial_step = take(from.initial_step(), check);
  to.bind = take(from.bind(), check);
  to.distribution = take(from.distribution(), check);
}

}  // namespace

void put(const cox::ArraySpec& from, ArrayRanges* to) {
  to->Clear();
  to->Reserve(static_cast<int>(from.ranges.size()));
  for (const cox::ArrayRange& range : from.ranges) {
    ArrayRange* message = to->Add();
    message->set_first(range.first);
    message->set_last(range.last);
    if (range.step != 1) message->set_step(range.step);
  }
}

Result<cox::ArraySpec> take(const ArrayRanges& from, std::uint32_t at_once_max) {
  cox::ArraySpec to{{}, at_once_max};
  if (static_cast<std::size_t>(from.size()) <= array_ranges_max) {
    to.ranges.reserve(static_cast<std::size_t>(from.size()));
  }
  for (const ArrayRange& range : from) {
    // One over the limit is enough to be refused.
    if (to.ranges.size() > array_ranges_max) break;
    to.ranges.push_back({range.first(), range.last(), range.step() == 0 ? 1 : range.step()});
  }
  if (auto checked = check_array(to); !checked) return Failure(checked.error());
  return to;
}

void put(const cox::StepRequest& from, StepRequest* to) {
  put(from.argv, to->mutable_argv());
  to->set_name(from.name);
  to->set_nodes(from.nodes);
  to->set_tasks(from.tasks);
  to->set_tasks_per_node(from.tasks_per_node);
  to->set_cpus_per_task(from.cpus_per_task);
  put(from.environment, to->mutable_environment());
  to->set_directory(from.directory);
  to->set_output(from.output);
  to->set_error(from.error);
  to->set_input(from.input);
  to->set_mpi(static_cast<std::uint32_t>(from.mpi));
  to->set_label_output(from.label_output);
  to->set_kill_on_bad_exit(from.kill_on_bad_exit);
  to->set_time_limit_us(from.time_limit.us);
  to->set_sharing(static_cast<std::uint32_t>(from.sharing));
  to->clear_memory_per_node_mib();
  to->clear_memory_per_cpu_mib();
  if (from.memory_per_node_mib >= 0) to->set_memory_per_node_mib(from.memory_per_node_mib);
  if (from.memory_per_cpu_mib >= 0) to->set_memory_per_cpu_mib(from.memory_per_cpu_mib);
  put(from.devices, to->mutable_devices());
  put(from.nodes_wanted, to->mutable_nodes_wanted());
  put(from.nodes_excluded, to->mutable_nodes_excluded());
  to->clear_input_task();
  if (from.input_task) to->set_input_task(*from.input_task);
  put_binding(from.bind, from.distribution, to);
  to->set_pty(from.pty);
}

Result<cox::StepRequest> take(const StepRequest& from) {
  Check check;
  cox::StepRequest to = take(from, check);
  return check.done(std::move(to));
}

namespace {

void put(const cox::JobCommon& from, JobRequest* to) {
  to->set_kind(static_cast<std::uint32_t>(from.kind));
  put(from.user, to->mutable_user());
  to->set_account(from.account);
  to->set_qos(from.qos);
  to->set_comment(from.comment);
  to->clear_labels();
  for (const auto& [key, value] : from.labels) (*to->mutable_labels())[key] = value;
  to->set_directory(from.directory);
  to->set_output(from.output);
  to->set_error(from.error);
  to->set_input(from.input);
  to->set_append_output(from.append_output);
  to->set_truncate_output(from.truncate_output);
  to->set_ends_with_client(from.ends_with_client);
  to->set_umask(from.umask);
  put_limits(from, to);
  to->set_submit_host(from.submit_host);
  to->set_submit_directory(from.submit_directory);
  put(from.partitions, to->mutable_partitions());
  put_wishes(from, to);
  put(from.nodes_wanted, to->mutable_nodes_wanted());
  put(from.nodes_excluded, to->mutable_nodes_excluded());
  to->clear_components();
  for (const auto& component : from.components) put(component, to->add_components());
  put(from.array, to->mutable_array());
  to->set_array_at_once(from.array.at_once_max);
  to->set_nice(from.nice);
  to->set_requeue(from.requeue);
  put_manners(from, to);
  to->clear_initial_step();
  if (from.has_initial_step) put(from.initial_step, to->mutable_initial_step());
  put_binding(from.bind, from.distribution, to);
}

}  // namespace

void put_own(const cox::JobRequest& from, JobRequest* to) {
  to->set_name(from.name);
  put(from.script, to->mutable_script());
  put(from.argv, to->mutable_argv());
  put(from.environment, to->mutable_environment());
  to->set_time_limit_us(from.time_limit.us);
  to->set_begin_us(from.begin.us);
  to->set_held(from.held);
  if (!from.terms.is_blank()) put_terms(*from.terms, to);
}

void put(const cox::JobRequest& from, JobRequest* to) {
  put(*from.common, to);
  put_own(from, to);
}

namespace {

void take_own(const JobRequest& from, cox::JobRequest& to, Check& check) {
  to.name = check.text(from.name(), "job name");
  to.script = check.take(take_hash(from.script()), "script");
  to.argv = take_argv(from.argv(), check);
  to.environment = check.take(take_hash(from.environment()), "environment");
  to.time_limit.us = check.range<std::int64_t>(from.time_limit_us(), 0, amount_max, "time limit");
  to.begin.us = check.range<std::int64_t>(from.begin_us(), 0, amount_max, "begin time");
  to.held = from.held();
  if (has_terms(from)) to.terms = Cow<cox::JobTerms>(take_terms(from, check));
}

}  // namespace

Result<cox::JobRequest> take_own(const JobRequest& from) {
  Check check;
  cox::JobRequest to;
  take_own(from, to, check);
  return check.done(std::move(to));
}

Result<cox::JobRequest> take(const JobRequest& from) {
  Check check;
  cox::JobRequest to;
  take_own(from, to, check);
  take_who_and_what(from, to.common.edit(), check);
  take_where(from, to.common.edit(), check);
  return check.done(std::move(to));
}

Result<cox::JobRequest> take(const JobVariant& from, cox::JobRequest base) {
  Check check;
  if (!from.name().empty()) base.name = check.text(from.name(), "job name");
  if (from.argv_size() != 0) base.argv = take_argv(from.argv(), check);
  if (from.time_limit_us() != 0) {
    base.time_limit.us =
        check.range<std::int64_t>(from.time_limit_us(), 0, amount_max, "time limit");
  }
  if (from.begin_us() != 0) {
    base.begin.us = check.range<std::int64_t>(from.begin_us(), 0, amount_max, "begin time");
  }
  return check.done(std::move(base));
}

}  // namespace cox::wire
