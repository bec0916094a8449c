// cox ps: the processes of a job or a step on all its nodes, as the nodes see them now.
#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/json.h"
#include "cmds/client/local_instants.h"
#include "cmds/client/session.h"
#include "cmds/client/table.h"
#include "cmds/client/terminal.h"
#include "model/ids.h"
#include "model/time.h"

namespace cox::cmds {
namespace ps_locals {
namespace {

constexpr std::int64_t bytes_per_kib = 1024;
constexpr std::int64_t kib_per_mib = 1024;

using Row = wire::Process;

OptionTable options() {
  static constexpr std::array table = {format_option, no_header_option, json_option, cluster_option,
                                       help_option};
  return table;
}

std::string step_of(const Row& row) {
  return step_name(StepId{row.step()});
}

std::string task_of(const Row& row) {
  return row.has_task() ? std::to_string(row.task()) : "-";
}

/// A number where it is not the job's own user.
std::string user_of(const Row& row) {
  return row.user().empty() ? std::to_string(row.uid()) : std::string(row.user());
}

/// "512K", "1.5M", "3.2G": short, since memory is looked at and not added up.
std::string size_text(std::int64_t bytes) {
  std::int64_t tenths = bytes * 10 / bytes_per_kib;
  for (const char unit : {'K', 'M', 'G'}) {
    if (tenths < 10 * kib_per_mib || unit == 'G') {
      const bool is_whole = unit == 'K' || tenths >= 1000;
      return std::to_string(tenths / 10) + (is_whole ? "" : "." + std::to_string(tenths % 10)) +
             unit;
    }
    tenths /= kib_per_mib;
  }
  return "";
}

const std::vector<Column<Row>>& columns() {
  static const std::vector<Column<Row>> all = {
      {"node", false, true, [](const Row& r) { return r.node(); }},
      {"step", false, true, step_of},
      {"task", true, true, task_of},
      {"pid", true, true, [](const Row& r) { return std::to_string(r.pid()); }},
      {"parent", true, false, [](const Row& r) { return std::to_string(r.parent()); }},
      {"user", false, true, user_of},
      {"state", false, true, [](const Row& r) { return r.state(); }},
      {"cpu", true, true, [](const Row& r) { return to_text(microseconds(r.cpu_us())); }},
      {"memory", true, true, [](const Row& r) { return size_text(r.memory_bytes()); }},
      {"command", false, true, [](const Row& r) { return r.command(); }},
  };
  return all;
}

std::string document_of(const std::vector<const Row*>& rows, const wire::ProcessList& list) {
  JsonWriter json;
  json.begin_array("processes");
  for (const Row* row : rows) {
    json.begin_object();
    json.text("node", row->node());
    json.text("step", step_of(*row));
    row->has_task() ? json.number("task", row->task()) : json.null("task");
    json.number("pid", std::int64_t{row->pid()});
    json.number("parent", std::int64_t{row->parent()});
    json.number("uid", row->uid());
    json.text("user", user_of(*row));
    json.text("state", row->state());
    json.number("cpu_us", std::int64_t{row->cpu_us()});
    json.number("memory_bytes", std::int64_t{row->memory_bytes()});
    json.text("command", row->command());
    json.end_object();
  }
  json.end_array();
  list.stands().empty() ? json.null("stands") : json.text("stands", list.stands());
  json.begin_array("silent");
  for (const wire::NodeSilence& silent : list.silent()) {
    json.begin_object();
    json.text("node", silent.node());
    json.text("why", silent.why());
    json.end_object();
  }
  json.end_array();
  return json.take();
}

/// By node, step, rank; what is no task's first.
std::vector<const Row*> in_order(const wire::ProcessList& list) {
  std::vector<const Row*> rows;
  for (const Row& row : list.processes()) rows.push_back(&row);
  std::ranges::sort(rows, {}, [](const Row* row) {
    // n2 before n10.
    return std::tuple(row->node().size(), std::string_view(row->node()), row->step(),
                      row->has_task(), row->task(), row->pid());
  });
  return rows;
}

Result<int> run(const Parsed& given) {
  if (given.operands().size() != 1) {
    return usage_error(given.command(), "one job or step is expected");
  }
  const auto name = parse_job_name(given.operands().front());
  if (!name) return Failure(name.error());
  wire::ClientRequest request;
  wire::ListProcesses& ask = *request.mutable_list_processes();
  if (name->elements.empty()) {
    ask.set_job(name->job.value);
  } else {
    put_elements(*name, ask.mutable_element());
  }
  if (name->step) ask.set_step(name->step->value);
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  const wire::ProcessList& list = reply->processes();
  const auto rows = in_order(list);
  const auto text = given.has("json") ? Result<std::string>(document_of(rows, list))
                                      : table_text(given, columns(), rows);
  if (!text) return Failure(text.error());
  if (const auto printed = print(*text); !printed) return Failure(printed.error());
  if (!list.stands().empty()) {
    print_error("job " + name->text + " stands still: " + with_local_instants(list.stands()));
  }
  for (const wire::NodeSilence& silent : list.silent()) {
    print_error("node " + silent.node() + " " + silent.why());
  }
  return list.silent().empty() ? 0 : 1;
}

}  // namespace
}  // namespace ps_locals

const Command ps_command{"ps",
                         "JOB[.STEP]",
                         "the processes of a job, on all its nodes",
                         ps_locals::options,
                         Operands::anywhere,
                         0,
                         ps_locals::run};

}  // namespace cox::cmds
