// cox ps: the processes of a job or a step on all its nodes, as the nodes see them now.
#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/json.h"
#include "cmds/client/labelled.h"
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

/// A process, and its job as people write it.
struct Row {
  wire::Process process;
  std::string job;
};

OptionTable options() {
  static constexpr std::array table = {jobs_label_option, format_option,  no_header_option,
                                       json_option,       cluster_option, help_option};
  return table;
}

std::string step_of(const Row& row) {
  return step_name(StepId{row.process.step()});
}

std::string task_of(const Row& row) {
  return row.process.has_task() ? std::to_string(row.process.task()) : "-";
}

/// A number where the node knows no name.
std::string user_of(const Row& row) {
  const wire::Process& process = row.process;
  return process.user().empty() ? std::to_string(process.uid()) : process.user();
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
      {"node", false, true, [](const Row& r) { return r.process.node(); }},
      {"step", false, true, step_of},
      {"task", true, true, task_of},
      {"pid", true, true, [](const Row& r) { return std::to_string(r.process.pid()); }},
      {"parent", true, false, [](const Row& r) { return std::to_string(r.process.parent()); }},
      {"user", false, true, user_of},
      {"state", false, true, [](const Row& r) { return r.process.state(); }},
      {"cpu", true, true, [](const Row& r) { return to_text(microseconds(r.process.cpu_us())); }},
      {"memory", true, true, [](const Row& r) { return size_text(r.process.memory_bytes()); }},
      {"command", false, true, [](const Row& r) { return r.process.command(); }},
  };
  return all;
}

/// Those of several jobs say which.
std::vector<Column<Row>> columns_for(const Parsed& given) {
  std::vector<Column<Row>> all = columns();
  all.insert(all.begin(),
             Column<Row>{"job", true, given.has("label"), [](const Row& r) { return r.job; }});
  return all;
}

/// What was found of all jobs asked about.
struct Found {
  std::vector<Row> rows;
  std::vector<std::pair<std::string, std::string>> stands;  // jobs that stand still, and why
  std::vector<wire::NodeSilence> silent;
};

std::string document_of(const Found& found) {
  JsonWriter json;
  json.begin_array("processes");
  for (const Row& row : found.rows) {
    const wire::Process& process = row.process;
    json.begin_object();
    json.text("id", row.job);
    json.text("node", process.node());
    json.text("step", step_of(row));
    process.has_task() ? json.number("task", process.task()) : json.null("task");
    json.number("pid", std::int64_t{process.pid()});
    json.number("parent", std::int64_t{process.parent()});
    json.number("uid", process.uid());
    json.text("user", user_of(row));
    json.text("state", process.state());
    json.number("cpu_us", std::int64_t{process.cpu_us()});
    json.number("memory_bytes", std::int64_t{process.memory_bytes()});
    json.text("command", process.command());
    json.end_object();
  }
  json.end_array();
  json.begin_array("stands");
  for (const auto& [job, why] : found.stands) {
    json.begin_object();
    json.text("id", job);
    json.text("why", why);
    json.end_object();
  }
  json.end_array();
  json.begin_array("silent");
  for (const wire::NodeSilence& silent : found.silent) {
    json.begin_object();
    json.text("node", silent.node());
    json.text("why", silent.why());
    json.end_object();
  }
  json.end_array();
  return json.take();
}

/// By node, step, rank; what is no task's first.
void sort_from(std::vector<Row>::iterator begin, std::vector<Row>::iterator end) {
  std::sort(begin, end, [](const Row& a, const Row& b) {
    const auto key = [](const Row& row) {
      const wire::Process& one = row.process;
      // n2 before n10.
      return std::tuple(one.node().size(), std::string_view(one.node()), one.step(), one.has_task(),
                        one.task(), one.pid());
    };
    return key(a) < key(b);
  });
}

Result<void> ask_about(const JobName& name, Session& session, Found* found) {
  wire::ClientRequest request;
  wire::ListProcesses& ask = *request.mutable_list_processes();
  if (name.elements.empty()) {
    ask.set_job(name.job.value);
  } else {
    put_elements(name, ask.mutable_element());
  }
  if (name.step) ask.set_step(name.step->value);
  auto reply = session.ask(request);
  if (!reply) return Failure(reply.error());
  const auto before = static_cast<std::ptrdiff_t>(found->rows.size());
  const std::string job = name.text.substr(0, name.text.find('.'));
  for (wire::Process& process : *reply->mutable_processes()->mutable_processes()) {
    found->rows.push_back({std::move(process), job});
  }
  sort_from(found->rows.begin() + before, found->rows.end());
  const std::string& stands = reply->processes().stands();
  if (!stands.empty()) found->stands.emplace_back(job, stands);
  for (const wire::NodeSilence& silent : reply->processes().silent()) {
    found->silent.push_back(silent);
  }
  return {};
}

Result<std::vector<JobName>> jobs_asked(const Parsed& given, Session& session) {
  if (given.has("label")) return labelled_jobs(given, session, Labelled::running);
  const auto name = parse_job_name(given.operands().front());
  if (!name) return Failure(name.error());
  return std::vector{*name};
}

Result<int> run(const Parsed& given) {
  const bool has_label = given.has("label");
  if (given.operands().size() != (has_label ? 0 : 1)) {
    return usage_error(given.command(), "one job or step is expected, or --label");
  }
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  const auto jobs = jobs_asked(given, *session);
  if (!jobs) return Failure(jobs.error());
  Found found;
  for (const JobName& name : *jobs) {
    const auto asked = ask_about(name, *session, &found);
    // One that was found by its labels may have ended meanwhile.
    const bool is_gone = !asked && has_label && asked.error().code == Code::refused;
    if (!asked && !is_gone) return Failure(asked.error());
  }
  const auto text = given.has("json") ? Result<std::string>(document_of(found))
                                      : table_text(given, columns_for(given), found.rows);
  if (!text) return Failure(text.error());
  if (const auto printed = print(*text); !printed) return Failure(printed.error());
  for (const auto& [job, stands] : found.stands) {
    print_error("job " + job + " stands still: " + with_local_instants(stands));
  }
  for (const wire::NodeSilence& silent : found.silent) {
    print_error("node " + silent.node() + " " + silent.why());
  }
  return found.silent.empty() ? 0 : 1;
}

}  // namespace
}  // namespace ps_locals

const Command ps_command{"ps",
                         "JOB[.STEP] | -l SELECTOR",
                         "the processes of a job, on all its nodes",
                         ps_locals::options,
                         Operands::anywhere,
                         0,
                         ps_locals::run};

}  // namespace cox::cmds
