// One setter per request option; the table joins each name with its setter.
#include "cmds/client/request_options.h"

#include <algorithm>
#include <limits>

#include "cmds/client/begin_time.h"
#include "cmds/client/devices.h"
#include "cmds/client/parse.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/memory_text.h"
#include "model/output_pattern.h"
#include "model/time.h"

namespace cox::cmds {
namespace {

constexpr std::uint32_t count_max = 10'000'000;

struct Given {
  const std::string& value;
  bool has_value;
  Instant now;
};

using Setter = Result<void> (*)(const Given& given, RequestDraft& draft);

struct Row {
  OptionSpec spec;
  Setter set;
};

Component& how_much(RequestDraft& draft) {
  if (draft.job.components.empty()) draft.job.components.emplace_back();
  return draft.job.components.front();
}

Result<void> set_count(std::string_view name, const Given& given, std::uint32_t* to) {
  const auto number = number_option(name, given.value, 1, count_max);
  if (!number) return Failure(number.error());
  *to = *number;
  return {};
}

Result<void> set_text(std::string_view name, const Given& given, std::string* to) {
  if (given.value.find('\0') != std::string::npos || given.value.size() > 4096) {
    return fail(Code::bad_usage, "--" + std::string(name) + ": the text is too long");
  }
  *to = given.value;
  return {};
}

Result<void> set_memory(std::string_view name, const Given& given, std::int64_t* to) {
  const auto mib = parse_memory_mib(given.value);
  if (!mib) return Failure(mib.error().with_context("--" + std::string(name)));
  if (*mib > std::int64_t{1} << 40) {
    return fail(Code::bad_usage, "--" + std::string(name) + " " + given.value + ": over 1048576T");
  }
  *to = *mib;
  return {};
}

Result<void> set_nodes(const Given& given, RequestDraft& draft) {
  const std::size_t dash = given.value.find('-');
  const auto low = number_option("nodes", given.value.substr(0, dash), 1, count_max);
  if (!low) return Failure(low.error());
  std::uint32_t high = *low;
  if (dash != std::string::npos) {
    const auto read = number_option("nodes", given.value.substr(dash + 1), *low, count_max);
    if (!read) return Failure(read.error());
    high = *read;
  }
  how_much(draft).nodes_min = *low;
  how_much(draft).nodes_max = high;
  draft.has_nodes = true;
  return {};
}

Result<void> set_pattern(std::string_view name, const Given& given, std::string* to) {
  PatternValues values;
  const auto tried = expand_pattern(given.value, values);
  if (!tried) return Failure(tried.error().with_context("--" + std::string(name)));
  return set_text(name, given, to);
}

Result<void> set_node_list(std::string_view name,
                           const Given& given,
                           std::vector<std::string>* to) {
  auto names = expand_node_list(given.value);
  if (!names) return Failure(names.error().with_context("--" + std::string(name)));
  *to = std::move(*names);
  return {};
}

Result<void> set_time(const Given& given, RequestDraft& draft) {
  const auto limit = parse_time_limit(given.value);
  if (!limit) return Failure(limit.error().with_context("--time"));
  // 0 asks for no limit, as in existing scripts.
  draft.job.time_limit = limit->us == 0 ? duration_unlimited : *limit;
  return {};
}

Result<void> set_label(const Given& given, RequestDraft& draft) {
  const std::size_t equals = given.value.find('=');
  if (equals == std::string::npos || equals == 0) {
    return fail(Code::bad_usage, "--label " + quoted(given.value) + ": KEY=VALUE is expected");
  }
  draft.job.labels[given.value.substr(0, equals)] = given.value.substr(equals + 1);
  return {};
}

Result<void> set_nice(const Given& given, RequestDraft& draft) {
  const auto nice = given.has_value ? parse_i64(given.value) : std::optional<std::int64_t>(100);
  if (!nice || *nice < -2147483645 || *nice > 2147483645) {
    return fail(Code::bad_usage, "--nice=" + quoted(given.value) + ": a whole number is expected");
  }
  draft.job.nice = static_cast<std::int32_t>(*nice);
  return {};
}

Result<void> set_exclusive(const Given& given, RequestDraft& draft) {
  if (given.has_value) {
    return fail(Code::bad_usage, "--exclusive=" + quoted(given.value) +
                                     ": only --exclusive without a value is supported");
  }
  how_much(draft).exclusive = true;
  return {};
}

Result<void> set_partitions(const Given& given, RequestDraft& draft) {
  draft.job.partitions.clear();
  for (const std::string_view name : split(given.value, ',')) {
    if (name.empty()) {
      return fail(Code::bad_usage, "--partition " + quoted(given.value) + ": an empty name");
    }
    draft.job.partitions.emplace_back(name);
  }
  return {};
}

Result<void> set_begin(const Given& given, RequestDraft& draft) {
  const auto begin = parse_begin_time(given.value, given.now);
  if (!begin) return Failure(begin.error().with_context("--begin"));
  draft.job.begin = *begin;
  return {};
}

Result<void> set_gpus(const Given& given, RequestDraft& draft) {
  const auto gpus = parse_gpus("gpus", given.value);
  if (!gpus) return Failure(gpus.error());
  draft.gpus = gpus->count;
  draft.gpu_type = gpus->type;
  return {};
}

void replace_devices(const std::vector<DeviceRequest>& wanted, RequestDraft& draft) {
  auto& devices = how_much(draft).devices;
  for (const DeviceRequest& device : wanted) {
    std::erase_if(devices, [&](const DeviceRequest& old) {
      return old.name == device.name && old.type == device.type;
    });
    if (device.count > 0) devices.push_back(device);
  }
}

Result<void> set_gpus_per_node(const Given& given, RequestDraft& draft) {
  const auto gpus = parse_gpus("gpus-per-node", given.value);
  if (!gpus) return Failure(gpus.error());
  replace_devices({*gpus}, draft);
  return {};
}

Result<void> set_gres(const Given& given, RequestDraft& draft) {
  const auto wanted = parse_gres(given.value);
  if (!wanted) return Failure(wanted.error());
  if (wanted->empty()) how_much(draft).devices.clear();
  replace_devices(*wanted, draft);
  return {};
}

#define COX_SET(statement)                                       \
  +[](const Given& given, RequestDraft& draft) -> Result<void> { \
    static_cast<void>(given);                                    \
    statement;                                                   \
  }

const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {{"nodes", 'N', "MIN[-MAX]", "this many nodes"}, set_nodes},
      {{"ntasks", 'n', "N", "this many tasks in all"},
       COX_SET(return set_count("ntasks", given, &how_much(draft).tasks))},
      {{"ntasks-per-node", 0, "N", "this many tasks on each node"},
       COX_SET(return set_count("ntasks-per-node", given, &how_much(draft).tasks_per_node))},
      {{"cpus-per-task", 'c', "N", "cores for each task"},
       COX_SET(return set_count("cpus-per-task", given, &how_much(draft).cpus_per_task))},
      {{"mem", 0, "SIZE", "memory per node: 512, 16G; 0: all of it"},
       COX_SET(how_much(draft).memory_per_cpu_mib = -1;
               return set_memory("mem", given, &how_much(draft).memory_per_node_mib))},
      {{"mem-per-cpu", 0, "SIZE", "memory for each core"},
       COX_SET(how_much(draft).memory_per_node_mib = -1;
               return set_memory("mem-per-cpu", given, &how_much(draft).memory_per_cpu_mib))},
      {{"gpus", 'G', "[TYPE:]N", "GPUs over all nodes"}, set_gpus},
      {{"gpus-per-node", 0, "[TYPE:]N", "GPUs on each node"}, set_gpus_per_node},
      {{"gres", 0, "NAME[:TYPE][:N],...", "devices on each node"}, set_gres},
      {{"time", 't', "LIMIT", "M, M:S, H:M:S, D-H, D-H:M, D-H:M:S"}, set_time},
      {{"partition", 'p', "LIST", "where it may run"}, set_partitions},
      {{"account", 'A', "NAME", "whom it is charged to"},
       COX_SET(return set_text("account", given, &draft.job.account))},
      {{"qos", 'q', "NAME", "quality of service"},
       COX_SET(return set_text("qos", given, &draft.job.qos))},
      {{"job-name", 'J', "NAME", "its name; default: the script or command"},
       COX_SET(return set_text("job-name", given, &draft.job.name))},
      {{"chdir", 'D', "DIR", "directory it starts in"},
       COX_SET(return set_text("chdir", given, &draft.job.directory))},
      {{"output", 'o', "PATTERN", "file for its output"},
       COX_SET(return set_pattern("output", given, &draft.job.output))},
      {{"error", 'e', "PATTERN", "file for its errors; default: the output's"},
       COX_SET(return set_pattern("error", given, &draft.job.error))},
      {{"input", 'i', "PATTERN", "file for its input"},
       COX_SET(return set_pattern("input", given, &draft.job.input))},
      {{"begin", 'b', "WHEN", "not before: now+1hour, 17:30, 2031-05-01"}, set_begin},
      {{"nodelist", 'w', "NODES", "these nodes must be part of it"},
       COX_SET(return set_node_list("nodelist", given, &draft.job.nodes_wanted))},
      {{"exclude", 'x', "NODES", "these nodes must not"},
       COX_SET(return set_node_list("exclude", given, &draft.job.nodes_excluded))},
      {{"exclusive", 0, "[=WHOM]", "share its nodes with no other job"}, set_exclusive},
      {{"hold", 'H', "", "wait until released (cox release)"},
       COX_SET(draft.job.held = true; return {})},
      {{"requeue", 0, "", "run again when a node is lost (the default)"},
       COX_SET(draft.job.requeue = true; return {})},
      {{"no-requeue", 0, "", "never run it a second time"},
       COX_SET(draft.job.requeue = false; return {})},
      {{"nice", 0, "[=N]", "step back in the queue; without N: 100"}, set_nice},
      {{"comment", 0, "TEXT", "a note kept with the job"},
       COX_SET(return set_text("comment", given, &draft.job.comment))},
      {{"label", 0, "KEY=VALUE", "a label of the job; may be repeated"}, set_label},
      {{"export", 0, "ALL|NONE|VAR,...", "environment it gets; default ALL"},
       COX_SET(return set_text("export", given, &draft.exported))},
      {{"array", 'a', "RANGE", ""}, nullptr},
      {{"constraint", 'C', "LABELS", ""}, nullptr},
      {{"deadline", 0, "WHEN", ""}, nullptr},
      {{"dependency", 'd', "LIST", ""}, nullptr},
      {{"gpus-per-task", 0, "N", ""}, nullptr},
      {{"licenses", 'L', "LIST", ""}, nullptr},
      {{"reservation", 0, "NAME", ""}, nullptr},
      {{"signal", 0, "SIGNAL", ""}, nullptr},
      {{"switches", 0, "N", ""}, nullptr},
      {{"time-min", 0, "LIMIT", ""}, nullptr},
  };
  return all;
}

#undef COX_SET

Result<void> spread_gpus(RequestDraft* draft) {
  if (draft->gpus == 0) return {};
  const Component& part = draft->job.components.front();
  if (part.nodes_min != part.nodes_max || draft->gpus % part.nodes_min != 0) {
    return fail(Code::bad_usage,
                "--gpus " + std::to_string(draft->gpus) + ": cannot be divided evenly over " +
                    std::to_string(part.nodes_min) + " to " + std::to_string(part.nodes_max) +
                    " nodes (use --gpus-per-node)");
  }
  replace_devices({{"gpu", draft->gpu_type, draft->gpus / part.nodes_min}}, *draft);
  return {};
}

}  // namespace

std::vector<OptionSpec> request_options() {
  std::vector<OptionSpec> specs;
  for (const Row& row : rows()) specs.push_back(row.spec);
  return specs;
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
    return row.set(Given{option.value, option.has_value, now}, *draft);
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
    const auto wanted = static_cast<std::uint32_t>(draft->job.nodes_wanted.size());
    part.nodes_min = std::max({part.nodes_min, wanted});
    part.nodes_max = std::max(part.nodes_max, part.nodes_min);
    // More GPUs than one must be divided: then the smallest number of nodes is meant.
    if (draft->gpus > 0) part.nodes_max = part.nodes_min;
  }
  if (part.tasks > 0 && part.tasks < part.nodes_min) {
    return fail(Code::bad_usage, "--ntasks " + std::to_string(part.tasks) + ": fewer than the " +
                                     std::to_string(part.nodes_min) + " nodes asked for");
  }
  return spread_gpus(draft);
}

}  // namespace cox::cmds
