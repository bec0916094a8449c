// The table joins each request option with its setter.
#include "cmds/client/request_options.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "cmds/client/ending_setters.h"
#include "cmds/client/request_setters.h"

namespace cox::cmds {
namespace {

struct Row {
  OptionSpec spec;
  Setter set;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {{"nodes", 'N', "MIN[-MAX]", "this many nodes"}, set_nodes},
      {{"ntasks", 'n', "N", "this many tasks in all"}, set_count<&Component::tasks>},
      {{"ntasks-per-node", 0, "N", "this many tasks on each node"},
       set_count<&Component::tasks_per_node>},
      {{"cpus-per-task", 'c', "N", "cores for each task"}, set_count<&Component::cpus_per_task>},
      {{"mem", 0, "SIZE", "memory per node: 512, 16G; 0: all of it"}, set_memory_per_node},
      {{"mem-per-cpu", 0, "SIZE", "memory for each core"}, set_memory_per_cpu},
      {{"gpus", 'G', "[TYPE:]N", "GPUs over all nodes"}, set_gpus},
      {{"gpus-per-node", 0, "[TYPE:]N", "GPUs on each node"}, set_gpus_per_node},
      {{"gres", 0, "NAME[:TYPE][:N],...", "devices on each node"}, set_gres},
      {{"time", 't', "LIMIT", "M, M:S, H:M:S, D-H, D-H:M, D-H:M:S"}, set_time},
      {{"partition", 'p', "LIST", "where it may run"}, set_partitions},
      {{"account", 'A', "NAME", "whom it is charged to"}, set_text<&JobCommon::account>},
      {{"qos", 'q', "NAME", "quality of service"}, set_text<&JobCommon::qos>},
      {{"job-name", 'J', "NAME", "its name; default: the script or command"},
       set_text<&JobRequest::name>},
      {{"chdir", 'D', "DIR", "directory it starts in"}, set_text<&JobCommon::directory>},
      {{"output", 'o', "PATTERN", "file for its output"}, set_pattern<&JobCommon::output>},
      {{"error", 'e', "PATTERN", "file for its errors; default: the output's"},
       set_pattern<&JobCommon::error>},
      {{"input", 'i', "PATTERN", "file for its input"}, set_pattern<&JobCommon::input>},
      {{"bind", 0, "KIND", "auto, core, l3, numa, socket, gpu, none, list:0/1"}, set_bind},
      {{"distribution", 'm', "ORDER", "ranks over nodes: block, cyclic, plane=N"},
       set_distribution},
      {{"begin", 'b', "WHEN", "not before: now+1hour, 17:30, 2031-05-01"}, set_begin},
      {{"deadline", 0, "WHEN", "it must have ended by then"}, set_deadline},
      {{"dependency", 'd', "LIST", "wait for jobs: afterok:12:13, singleton"}, set_dependency},
      {{"kill-on-invalid-dep", 0, "yes|no", "no: wait on where that cannot come true"},
       set_kill_on_invalid},
      {{"nodelist", 'w', "NODES", "these nodes must be part of it"},
       set_node_list<&JobCommon::nodes_wanted>},
      {{"exclude", 'x', "NODES", "these nodes must not"},
       set_node_list<&JobCommon::nodes_excluded>},
      {{"exclusive", 0, "[=WHOM]", "share its nodes with no other job"}, set_exclusive},
      {{"hold", 'H', "", "wait until released (cox release)"}, set_flag<&JobRequest::held, true>},
      {{"requeue", 0, "", "run again when a node is lost (the default)"},
       set_flag<&JobCommon::requeue, true>},
      {{"no-requeue", 0, "", "never run it a second time"}, set_flag<&JobCommon::requeue, false>},
      {{"retry", 0, "N[:CODES]", "run again, N times at most, for exit codes"}, set_retry},
      {{"signal", 0, "[B:]SIG[@S]", "signal its tasks S seconds before the limit"}, set_signal},
      {{"nice", 0, "[=N]", "step back in the queue; without N: 100"}, set_nice},
      {{"comment", 0, "TEXT", "a note kept with the job"}, set_text<&JobCommon::comment>},
      {{"label", 0, "KEY=VALUE", "a label of the job; may be repeated"}, set_label},
      {{"export", 0, "ALL|NONE|VAR,...", "environment it gets; default ALL"}, set_export},
      {{"constraint", 'C', "LABELS", "nodes with such labels: gpu&rack=a, a*2&b*4, [a|b]"},
       set_constraint},
      {{"prefer", 0, "LABELS", "nodes with such labels where that is possible"}, set_prefer},
      {{"gpus-per-task", 0, "N", ""}, nullptr},
      {{"licenses", 'L', "NAME[:N],...", "hold so many licenses while it runs"}, set_licenses},
      {{"reservation", 0, "NAME", ""}, nullptr},
      {{"switches", 0, "N[@TIME]", "wait so long for nodes on so few switches"}, set_switches},
      {{"time-min", 0, "LIMIT", ""}, nullptr},
  };
  return all;
}

Result<void> spread_gpus(RequestDraft* draft) {
  if (draft->gpus == 0) return {};
  const Component& part = draft->job.common->components.front();
  if (part.nodes_min != part.nodes_max || draft->gpus % part.nodes_min != 0) {
    return fail(Code::bad_usage,
                "--gpus " + std::to_string(draft->gpus) + ": cannot be divided evenly over " +
                    std::to_string(part.nodes_min) + " to " + std::to_string(part.nodes_max) +
                    " nodes (use --gpus-per-node)");
  }
  const std::uint32_t each = draft->gpus / part.nodes_min;
  if (part.nodes_min > 1) draft->gpus_typed += ", " + std::to_string(each) + " on each node";
  replace_devices({{"gpu", draft->gpu_type, each}}, *draft);
  return {};
}

}  // namespace

std::vector<OptionSpec> request_options() {
  std::vector<OptionSpec> specs;
  for (const Row& row : rows()) specs.push_back(row.spec);
  return specs;
}

bool is_request_option(std::string_view name) {
  return std::ranges::any_of(rows(), [name](const Row& row) { return name == row.spec.name; });
}

std::vector<OptionSpec> with_request_options(std::vector<OptionSpec> extra) {
  const auto more = request_options();
  extra.insert(extra.begin(), more.begin(), more.end());
  return extra;
}

Result<void> apply_option(const GivenOption& option, Instant now, RequestDraft* draft) {
  const std::string_view name = option.spec->name;
  for (const Row& row : rows()) {
    if (name != row.spec.name || row.set == nullptr) continue;
    return row.set(Given{row.spec.name, option.value, option.has_value, now}, *draft);
  }
  return {};
}

Result<void> check_given_once(const std::vector<GivenOption>& options) {
  for (const char* name : {"dependency", "nodelist", "exclude"}) {
    if (auto once = check_once(options, name); !once) {
      return fail(Code::bad_usage, once.error().message + " (in one list they hold together: A,B)");
    }
  }
  return {};
}

Result<void> complete(RequestDraft* draft) {
  Component& part = how_much(*draft);
  if (!draft->has_nodes) {
    if (part.tasks_per_node > 0) {
      const std::uint32_t tasks = std::max(part.tasks, part.tasks_per_node);
      part.nodes_min = part.nodes_max = (tasks + part.tasks_per_node - 1) / part.tasks_per_node;
    } else {
      part.nodes_max = std::max<std::uint32_t>(1, part.tasks);
    }
    const auto wanted = static_cast<std::uint32_t>(draft->job.common->nodes_wanted.size());
    const std::uint64_t counted = draft->job.common->wishes->constraint.nodes_counted();
    part.nodes_min = std::max({part.nodes_min, wanted,
                               static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                   counted, std::numeric_limits<std::uint32_t>::max()))});
    part.nodes_max = std::max(part.nodes_max, part.nodes_min);
    // More GPUs than one must be divided: then the smallest number of nodes is meant.
    if (draft->gpus > 0) part.nodes_max = part.nodes_min;
  }
  if (const auto wanted = draft->job.common->nodes_wanted.size(); wanted > part.nodes_max) {
    return fail(Code::bad_usage, "--nodes " + std::to_string(part.nodes_max) + ": fewer than the " +
                                     std::to_string(wanted) + " of --nodelist");
  }
  if (const auto counted = draft->job.common->wishes->constraint.nodes_counted();
      counted > part.nodes_max) {
    return fail(Code::bad_usage, "--nodes " + std::to_string(part.nodes_max) + ": fewer than the " +
                                     std::to_string(counted) + " that --constraint counts");
  }
  if (part.tasks > 0 && part.tasks < part.nodes_min) {
    return fail(Code::bad_usage, "--ntasks " + std::to_string(part.tasks) + ": fewer than the " +
                                     std::to_string(part.nodes_min) + " nodes asked for");
  }
  return spread_gpus(draft);
}

}  // namespace cox::cmds
