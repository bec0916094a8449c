// The columns of history.db's tables, each named once: writing, reading and their order follow from
// these two functions. The text of the schema is history_schema.cc; a test compares both.
#pragma once

#include "ctld/store/history.h"

namespace cox::ctld {

/// Calls `visit(name, field)` for each column of the table `attempt`, in order. Labels stand in a
/// table of their own.
template <class Row, class Visit>
void for_each_attempt_column(Row& row, Visit&& visit) {
  visit("job", row.job.value);
  visit("attempt", row.attempt.value);
  visit("sequence", row.sequence);
  visit("is_last", row.is_last);
  visit("array", row.array.value);
  visit("array_index", row.index);
  visit("elements", row.elements);
  visit("uid", row.uid);
  visit("gid", row.gid);
  visit("user", row.user);
  visit("group_name", row.group);
  visit("account", row.account);
  visit("qos", row.qos);
  visit("name", row.name);
  visit("partition", row.partition);
  visit("kind", row.kind);
  visit("comment", row.comment);
  visit("command", row.command);
  visit("directory", row.directory);
  visit("submit_host", row.submit_host);
  visit("script_hash", row.script_hash);
  visit("submitted_us", row.submitted.us);
  visit("eligible_us", row.eligible.us);
  visit("started_us", row.started.us);
  visit("ended_us", row.ended.us);
  visit("time_limit_us", row.time_limit.us);
  visit("state", row.state);
  visit("failure", row.failure);
  visit("ended_by", row.ended_by);
  visit("exit_code", row.exit_code);
  visit("signal", row.signal);
  visit("reason", row.reason);
  visit("requeues", row.requeues);
  visit("stood_us", row.stood.us);
  visit("asked_nodes_min", row.asked_nodes_min);
  visit("asked_nodes_max", row.asked_nodes_max);
  visit("asked_tasks", row.asked_tasks);
  visit("asked_cpus", row.asked_cpus);
  visit("asked_memory_mib", row.asked_memory_mib);
  visit("asked_memory_per_cpu_mib", row.asked_memory_per_cpu_mib);
  visit("asked_devices", row.asked_devices);
  visit("exclusive", row.exclusive);
  visit("nodes", row.nodes);
  visit("tasks", row.tasks);
  visit("cpus", row.cpus);
  visit("memory_mib", row.memory_mib);
  visit("devices", row.devices);
  visit("node_list", row.node_list);
  visit("cores", row.cores);
  visit("peak_memory_bytes", row.usage.memory_peak_bytes);
  visit("cpu_user_us", row.usage.user_us);
  visit("cpu_system_us", row.usage.system_us);
  visit("output_path", row.output_path);
  visit("error_path", row.error_path);
  visit("begin_us", row.begin.us);
  visit("dependency", row.dependency);
  visit("deadline_us", row.deadline.us);
  visit("early_signal", row.early_signal);
  visit("early_signal_before_us", row.early_signal_before.us);
  visit("early_signal_batch", row.early_signal_batch);
  visit("retry_times", row.retry_times);
  visit("retry_codes", row.retry_codes);
  visit("nice", row.nice);
  visit("requeue", row.requeue);
  visit("counts", row.counts);
}

/// The same for the table `step`.
template <class Row, class Visit>
void for_each_step_column(Row& row, Visit&& visit) {
  visit("job", row.job.value);
  visit("attempt", row.attempt.value);
  visit("step", row.step.value);
  visit("sequence", row.sequence);
  visit("uid", row.uid);
  visit("user", row.user);
  visit("name", row.name);
  visit("command", row.command);
  visit("started_us", row.started.us);
  visit("ended_us", row.ended.us);
  visit("state", row.state);
  visit("failure", row.failure);
  visit("exit_code", row.exit_code);
  visit("signal", row.signal);
  visit("tasks_failed", row.tasks_failed);
  visit("reason", row.reason);
  visit("asked_nodes", row.asked_nodes);
  visit("asked_tasks", row.asked_tasks);
  visit("asked_cpus_per_task", row.asked_cpus_per_task);
  visit("nodes", row.nodes);
  visit("tasks", row.tasks);
  visit("node_list", row.node_list);
  visit("peak_memory_bytes", row.usage.memory_peak_bytes);
  visit("cpu_user_us", row.usage.user_us);
  visit("cpu_system_us", row.usage.system_us);
}

}  // namespace cox::ctld
