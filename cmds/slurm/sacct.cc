// sacct: jobs and steps, those of the history and those that are still in the queue.
#include <unistd.h>

#include <algorithm>
#include <map>

#include "cmds/client/job_ids.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/slurm/columns.h"
#include "cmds/slurm/job_fields.h"
#include "cmds/slurm/option_tables.h"
#include "cmds/slurm/record_fields.h"
#include "cmds/slurm/sacct_time.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/job_state.h"

namespace cox::cmds::slurm {
namespace sacct_locals {
namespace {

constexpr std::uint32_t entries_per_reply = 1000;

struct Filter {
  std::vector<JobName> jobs;
  std::vector<std::string> users, accounts, names, nodes, partitions, qos, states;
  std::int64_t since_us = 0, until_us = 0;

  bool keeps(const Record& record) const {
    const wire::JobView& job = *record.job;
    const std::string& own_qos =
        record.entry != nullptr ? record.entry->qos() : job.request().qos();
    if (!users.empty() && !is_in(users, job.user())) return false;
    if (!accounts.empty() && !is_in(accounts, job.account())) return false;
    if (!names.empty() && !is_in(names, job.name())) return false;
    if (!qos.empty() && !is_in(qos, own_qos)) return false;
    if (!states.empty() && !is_in(states, state_of(job))) return false;
    return is_in_period(job) && is_on_node(job) && is_in_partition(job);
  }

 private:
  bool is_in_period(const wire::JobView& job) const {
    if (job.is_final() && job.ended_us() < since_us) return false;
    if (until_us == 0) return true;
    const bool ended_later = !states.empty() && job.is_final() && job.ended_us() > until_us;
    return job.submitted_us() <= until_us && !ended_later;
  }

  bool is_in_partition(const wire::JobView& job) const {
    const auto own = list_parts(job.partition());
    return partitions.empty() ||
           std::ranges::any_of(own, [&](const auto& name) { return is_in(partitions, name); });
  }

  bool is_on_node(const wire::JobView& job) const {
    if (nodes.empty()) return true;
    const auto own = expand_node_list(job.node_list());
    return own && std::ranges::any_of(*own, [&](const auto& name) { return is_in(nodes, name); });
  }
};

Result<void> read_period(const Words& given, Filter* filter) {
  const Instant now = wall_now();
  const bool has_jobs = !filter->jobs.empty();
  const std::string from = given.has("starttime") ? given.value("starttime")
                           : has_jobs             ? ""
                                                  : "midnight";
  if (!from.empty()) {
    const auto since = parse_sacct_time(from, now);
    if (!since) return Failure(since.error());
    filter->since_us = std::max<std::int64_t>(since->us, 0);
  }
  if (!given.has("endtime")) return {};
  const auto until = parse_sacct_time(given.value("endtime"), now);
  if (!until) return Failure(until.error());
  filter->until_us = std::max<std::int64_t>(until->us, 1);
  return {};
}

Result<Filter> read_filter(const Words& given) {
  Filter filter;
  for (const Given& one : given.options) {
    if (std::string_view(one.option->name) != "jobs") continue;
    for (const std::string& part : list_parts(one.value)) {
      const auto name = parse_job_name(part);
      if (!name) return fail(Code::bad_usage, "Bad job/step specified: " + quoted(part));
      filter.jobs.push_back(*name);
    }
  }
  auto users = user_names(given.value("user"));
  if (!users) return Failure(users.error());
  filter.users = std::move(*users);
  const bool is_own = filter.users.empty() && !given.has("allusers") && filter.jobs.empty();
  if (is_own && ::getuid() != 0) filter.users = {own_user_name()};
  filter.accounts = list_parts(given.value("accounts"));
  filter.names = list_parts(given.value("name"));
  filter.partitions = list_parts(given.value("partition"));
  filter.qos = list_parts(given.value("qos"));
  auto states = state_words(given.value("state"));
  if (!states) return Failure(states.error());
  filter.states = std::move(*states);
  if (given.has("nodelist")) {
    auto nodes = expand_node_list(given.value("nodelist"));
    if (!nodes) return Failure(nodes.error());
    filter.nodes = std::move(*nodes);
  }
  const auto period = read_period(given, &filter);
  if (!period) return Failure(period.error());
  return filter;
}

/// Everything that the controller said, and pointers into it.
struct Answers {
  wire::JobList jobs;
  std::vector<wire::HistoryEntry> entries;
};

std::vector<JobName> whole_names(const std::vector<JobName>& names) {
  std::vector<JobName> whole = names;
  for (JobName& name : whole) name.step.reset();
  return whole;
}

Result<void> read_history(Session& session, const Filter& filter, bool all, Answers* to) {
  wire::HistoryQuery query;
  put_names(whole_names(filter.jobs), &query);
  if (filter.users.size() == 1) query.set_user(filter.users.front());
  query.set_since_us(filter.since_us);
  query.set_all_attempts(all);
  query.set_steps(true);
  query.set_limit(entries_per_reply);
  for (;;) {
    wire::ClientRequest request;
    *request.mutable_history_query() = query;
    auto reply = session.ask_surely(std::move(request));
    if (!reply && reply.error().code == Code::not_found) return {};
    if (!reply) return Failure(reply.error());
    for (wire::HistoryEntry& entry : *reply->mutable_history()->mutable_entries()) {
      to->entries.push_back(std::move(entry));
    }
    if (!reply->history().has_next()) return {};
    *query.mutable_after() = reply->history().next();
  }
}

/// What is in the queue, and what has just ended: the history may be a moment behind.
Result<Answers> ask(Session& session, const Filter& filter, bool all_attempts) {
  Answers answers;
  wire::ClientRequest request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  put_names(whole_names(filter.jobs), &list);
  list.set_expand(true);
  list.set_ended(true);
  list.set_full(true);
  if (filter.users.size() == 1) list.set_user(filter.users.front());
  auto reply = session.ask_surely(std::move(request));
  if (!reply && reply.error().code != Code::not_found) return Failure(reply.error());
  if (reply) answers.jobs = std::move(*reply->mutable_jobs());
  const auto read = read_history(session, filter, all_attempts, &answers);
  if (!read) return Failure(read.error());
  return answers;
}

/// Older first; an attempt that the history has is taken from there.
std::vector<Record> merge(const Answers& answers, const Filter& filter) {
  std::vector<Record> records;
  std::map<std::pair<std::string, std::uint32_t>, bool> seen;
  for (const wire::HistoryEntry& entry : answers.entries) {
    seen[{entry.job().id(), entry.job().attempt()}] = true;
    records.push_back({&entry.job(), &entry, nullptr});
  }
  for (const wire::JobView& job : answers.jobs.jobs()) {
    if (job.is_final() && seen.contains({job.id(), job.attempt()})) continue;
    // Of an array the elements are lines, and what of it has not begun.
    if (job.array() != 0 && !job.is_element() && job.elements().empty()) continue;
    records.push_back({&job, nullptr, nullptr});
  }
  std::erase_if(records, [&](const Record& record) { return !filter.keeps(record); });
  std::ranges::stable_sort(records, [](const Record& a, const Record& b) {
    return std::pair(a.job->job(), a.job->attempt()) < std::pair(b.job->job(), b.job->attempt());
  });
  return records;
}

/// Whether the line is among those that -j names: of a job all lines, of a step its own.
bool is_named(const std::vector<JobName>& names, const Record& record) {
  if (names.empty()) return true;
  return std::ranges::any_of(names, [&](const JobName& name) {
    if (!is_shown_by(name, *record.job)) return false;
    return !name.step || (record.step != nullptr && record.step->step() == name.step->value);
  });
}

std::vector<Record> lines_of(const std::vector<Record>& jobs,
                             const Filter& filter,
                             bool has_steps) {
  std::vector<Record> lines;
  for (const Record& job : jobs) {
    if (is_named(filter.jobs, job)) lines.push_back(job);
    if (!has_steps) continue;
    std::vector<const wire::StepView*> steps;
    for (const wire::StepView& step : job.job->steps()) steps.push_back(&step);
    // The script's before the others, whose numbers are lower.
    std::ranges::stable_sort(steps, [](const auto* a, const auto* b) {
      return (StepId{a->step()} == step_batch) > (StepId{b->step()} == step_batch);
    });
    for (const wire::StepView* step : steps) {
      const Record line{job.job, job.entry, step};
      if (is_named(filter.jobs, line)) lines.push_back(line);
    }
  }
  return lines;
}

Result<RecordManner> read_manner(const Words& given) {
  RecordManner manner;
  manner.now_us = wall_now().us;
  manner.is_plain = given.has("noconvert");
  if (!given.has("units")) return manner;
  const std::string unit = given.value("units");
  if (unit.size() != 1 || std::string_view("KMGTP").find(unit[0]) == std::string_view::npos) {
    return fail(Code::bad_usage, "Invalid units: " + quoted(unit) + " (K, M, G, T or P)");
  }
  manner.unit = unit[0];
  return manner;
}

/// --format, --brief, $SACCT_FORMAT or the usual ones.
std::string format_of(const Words& given) {
  if (given.has("format") && !given.value("format").empty()) return given.value("format");
  if (given.has("brief")) return "JobID,State,ExitCode";
  const std::string usual = variable("SACCT_FORMAT");
  return usual.empty() ? "JobID,JobName,Partition,Account,AllocCPUS,State,ExitCode" : usual;
}

Result<int> run(const Words& given) {
  if (given.has("helpformat")) {
    const auto printed = print(columns_text(record_columns()));
    return printed ? Result<int>(0) : Failure(printed.error());
  }
  if (!given.operands.empty()) {
    return fail(Code::bad_usage, "Unrecognized option: " + quoted(given.operands.front()));
  }
  const std::vector<ColumnKnown> known = record_columns();
  const auto columns = read_columns(format_of(given), known);
  if (!columns) return Failure(columns.error());
  const auto filter = read_filter(given);
  if (!filter) return Failure(filter.error());
  auto manner = read_manner(given);
  if (!manner) return Failure(manner.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto checked = check_clusters(*session, given);
  if (!checked) return Failure(checked.error());
  const auto cluster = own_cluster(*session);
  if (!cluster) return Failure(cluster.error());
  manner->cluster = *cluster;
  const auto answers = ask(*session, *filter, given.has("duplicates"));
  if (!answers) return Failure(answers.error());
  const ColumnLayout layout(given);
  std::string text = given.has("noheader") ? "" : layout.header(*columns, known);
  for (const Record& line :
       lines_of(merge(*answers, *filter), *filter, !given.has("allocations"))) {
    std::vector<std::string> texts;
    for (const ColumnAsked& column : *columns) {
      const RecordField& field = record_fields()[column.field];
      texts.push_back(field.text == nullptr ? "" : field.text(line, *manner));
    }
    text += layout.line(*columns, texts);
  }
  const auto printed = print(text);
  return printed ? Result<int>(0) : Failure(printed.error());
}

}  // namespace
}  // namespace sacct_locals

const Tool sacct_tool{"sacct",     "[OPTIONS]",        sacct_options,
                      Stop::never, record_field_names, sacct_locals::run};

}  // namespace cox::cmds::slurm
