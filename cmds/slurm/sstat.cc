// sstat: what the tasks of steps that run use now, as their nodes see them.
#include <algorithm>
#include <array>

#include "cmds/client/terminal.h"
#include "cmds/slurm/columns.h"
#include "cmds/slurm/step_processes.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/node_list.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sstat_locals {
namespace {

constexpr std::array table = {
    Option{"allsteps", 'a', "", exact, ""},
    Option{"clusters", 'M', "LIST", exact, ""},
    Option{"cluster", 0, "LIST", exact, "", "clusters"},
    Option{"fields", 0, "LIST", exact, "", "format"},
    Option{"format", 'o', "LIST", exact, ""},
    Option{"help", 'h', "", exact, ""},
    Option{"helpformat", 'e', "", exact, ""},
    Option{"jobs", 'j', "LIST", exact, ""},
    Option{"noconvert", 0, "", exact, ""},
    Option{"noheader", 'n', "", exact, ""},
    Option{"parsable", 'p', "", exact, ""},
    Option{"parsable2", 'P', "", exact, ""},
    Option{"pidformat", 'i', "", exact, ""},
    Option{"usage", 0, "", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
};

struct Line {
  const StepUse& use;
  std::string id;
  bool is_plain;
};

std::string bytes(std::int64_t amount, const Line& l) {
  if (l.is_plain) return std::to_string(amount);
  return amount == 0 ? "0" : std::to_string((amount + 1023) / 1024) + "K";
}

const TaskUse& largest(const Line& l) {
  return *std::ranges::max_element(l.use.tasks, {}, &TaskUse::memory_bytes);
}

const TaskUse& laziest(const Line& l) {
  return *std::ranges::min_element(l.use.tasks, {}, &TaskUse::cpu_us);
}

std::int64_t mean(const Line& l, std::int64_t TaskUse::*what) {
  std::int64_t sum = 0;
  for (const TaskUse& task : l.use.tasks) sum += task.*what;
  return sum / static_cast<std::int64_t>(l.use.tasks.size());
}

std::string pids(const Line& l) {
  std::vector<std::string> texts;
  for (const TaskUse& task : l.use.tasks) {
    for (const std::int64_t pid : task.pids) texts.push_back(std::to_string(pid));
  }
  return join(texts, ",");
}

struct Field {
  const char* name;
  int width;
  Parity parity;
  std::string (*text)(const Line& line);  // null: always empty
};

constexpr std::array fields = {
    Field{"AveCPU", 10, exact, [](const Line& l) { return cpu_span(mean(l, &TaskUse::cpu_us)); }},
    Field{"AveCPUFreq", 10, about, nullptr},
    Field{"AveDiskRead", 14, about, nullptr},
    Field{"AveDiskWrite", 14, about, nullptr},
    Field{"AvePages", 10, about, nullptr},
    Field{"AveRSS", 10, exact,
          [](const Line& l) { return bytes(mean(l, &TaskUse::memory_bytes), l); }},
    Field{"AveVMSize", 10, about, nullptr},
    Field{"ConsumedEnergy", 14, about, nullptr},
    Field{"JobID", -12, exact, [](const Line& l) { return l.id; }},
    Field{"MaxDiskRead", 12, about, nullptr},
    Field{"MaxDiskWrite", 12, about, nullptr},
    Field{"MaxPages", 8, about, nullptr},
    Field{"MaxRSS", 10, about, [](const Line& l) { return bytes(largest(l).memory_bytes, l); }},
    Field{"MaxRSSNode", 10, exact, [](const Line& l) { return largest(l).node; }},
    Field{"MaxRSSTask", 10, exact, [](const Line& l) { return std::to_string(largest(l).task); }},
    Field{"MaxVMSize", 10, about, nullptr},
    Field{"MinCPU", 10, exact, [](const Line& l) { return cpu_span(laziest(l).cpu_us); }},
    Field{"MinCPUNode", 10, exact, [](const Line& l) { return laziest(l).node; }},
    Field{"MinCPUTask", 10, exact, [](const Line& l) { return std::to_string(laziest(l).task); }},
    Field{"Nodelist", 20, exact, [](const Line& l) { return fold_node_list(l.use.nodes()); }},
    Field{"NTasks", 8, exact, [](const Line& l) { return std::to_string(l.use.tasks.size()); }},
    Field{"Pids", 20, exact, pids},
    Field{"TRESUsageInAve", 14, about, nullptr},
    Field{"TRESUsageInMax", 14, about, nullptr},
    Field{"TRESUsageOutAve", 15, about, nullptr},
    Field{"TRESUsageOutMax", 15, about, nullptr},
};

constexpr const char* usual =
    "JobID,NTasks,AveCPU,MinCPU,MinCPUNode,MinCPUTask,AveRSS,MaxRSS,MaxRSSNode,MaxRSSTask";
constexpr const char* usual_pids = "JobID,Nodelist,Pids";

Options options() {
  return table;
}

std::vector<FieldName> field_names() {
  return names_of(fields);
}

/// Without -a and without a step the one of the lowest number; the script where it is alone.
void choose(const JobName& name, bool all, std::vector<StepUse>* steps) {
  if (all || name.step || steps->empty()) return;
  const bool has_others = steps->front().step == step_batch && steps->size() > 1;
  std::swap(steps->front(), (*steps)[has_others ? 1 : 0]);
  steps->erase(steps->begin() + 1, steps->end());
}

/// Lines of one job or step. A job that does not run is named on stderr.
Result<std::string> lines_of(Session& session,
                             const Words& given,
                             const JobName& name,
                             const std::vector<ColumnAsked>& columns) {
  std::vector<std::string> silent;
  auto steps = ask_step_uses(session, name, &silent);
  if (!steps) return Failure(steps.error());
  choose(name, given.has("allsteps"), &*steps);
  for (const std::string& text : silent) say_error(text);
  const ColumnLayout layout(given);
  const std::string job = name.text.substr(0, name.text.find('.'));
  std::string text;
  for (const StepUse& use : *steps) {
    const Line line{use, job + "." + step_name(use.step), given.has("noconvert")};
    std::vector<std::string> texts;
    for (const ColumnAsked& column : columns) {
      const Field& field = fields[column.field];
      texts.push_back(field.text == nullptr ? "" : field.text(line));
    }
    text += layout.line(columns, texts);
  }
  return text;
}

Result<std::vector<JobName>> read_jobs(const Words& given) {
  std::vector<std::string> parts = given.operands;
  for (const Given& one : given.options) {
    if (std::string_view(one.option->name) == "jobs") parts.push_back(one.value);
  }
  std::vector<JobName> names;
  for (const std::string& part : list_parts(join(parts, ","))) {
    const auto name = parse_job_name(part);
    if (!name) return fail(Code::bad_usage, "Bad job/step specified: " + quoted(part));
    names.push_back(*name);
  }
  if (names.empty()) return fail(Code::bad_usage, "You didn't give me any jobs to stat.");
  return names;
}

Result<int> run(const Words& given) {
  const std::vector<ColumnKnown> known = columns_of(fields);
  if (given.has("helpformat")) {
    const auto printed = print(columns_text(known));
    return printed ? Result<int>(0) : Failure(printed.error());
  }
  const std::string format = given.has("pidformat") ? usual_pids
                             : given.has("format")  ? given.value("format")
                                                    : usual;
  const auto columns = read_columns(format, known);
  if (!columns) return Failure(columns.error());
  const auto names = read_jobs(given);
  if (!names) return Failure(names.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto checked = check_clusters(*session, given);
  if (!checked) return Failure(checked.error());
  std::string text = given.has("noheader") ? "" : ColumnLayout(given).header(*columns, known);
  int status = 0;
  for (const JobName& name : *names) {
    const auto lines = lines_of(*session, given, name, *columns);
    if (lines) {
      text += *lines;
      continue;
    }
    say_error("couldn't get steps for job " + quoted(name.text) + ": " + lines.error().message);
    status = 1;
  }
  const auto printed = print(text);
  return printed ? Result<int>(status) : Failure(printed.error());
}

}  // namespace
}  // namespace sstat_locals

const Tool sstat_tool{"sstat",     "[OPTIONS] -j JOB[.STEP],...", sstat_locals::options,
                      Stop::never, sstat_locals::field_names,     sstat_locals::run};

}  // namespace cox::cmds::slurm
