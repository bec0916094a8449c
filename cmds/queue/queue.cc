// cox queue: pending and running jobs, one line each.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/nothing.h"
#include "cmds/client/session.h"
#include "cmds/client/sort.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/queue/filters.h"
#include "cmds/queue/steps.h"
#include "cmds/queue/watch.h"
#include "common/text.h"

namespace cox::cmds {
namespace queue_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      user_option,
      OptionSpec{"state", 's', "STATE,...", "jobs in these states: PENDING, R"},
      OptionSpec{"partition", 'p', "LIST", "jobs of these partitions"},
      OptionSpec{"reason", 'r', "REASON,...", "jobs that wait for these reasons"},
      OptionSpec{"name", 'n', "NAME,...", "jobs with these names"},
      OptionSpec{"account", 'A', "NAME,...", "jobs that are charged to these"},
      OptionSpec{"qos", 'q', "NAME,...", "jobs of these qualities of service"},
      OptionSpec{"nodelist", 'w', "NODES", "jobs that have one of these nodes"},
      jobs_label_option,
      OptionSpec{"steps", 0, "", "their steps, one line each"},
      OptionSpec{"all", 'a', "", "ended jobs too"},
      sort_option,
      format_option,
      no_header_option,
      json_option,
      OptionSpec{"watch", 0, "[=SECONDS]", "go on, and show each change"},
      cluster_option,
      help_option};
  return table;
}

/// A column that is shown or sorted by is only in a full view.
bool names_full_column(const Parsed& given) {
  const std::string text = given.value("format") + "," + given.value("sort");
  for (std::string_view word : split(text, ',')) {
    if (word.starts_with('-')) word.remove_prefix(1);
    const bool is_full = std::ranges::any_of(job_columns(), [word](const auto& column) {
      return column.is_full && upper(column.name) == upper(word);
    });
    if (is_full) return true;
  }
  return false;
}

/// What was asked, read once.
struct Asked {
  std::vector<JobName> names;
  JobFilter filter;
  wire::ClientRequest request;
};

Result<Asked> read_asked(const Parsed& given) {
  const auto names = job_operands(given);
  if (!names) return Failure(names.error());
  const auto filter = JobFilter::make(given);
  if (!filter) return Failure(filter.error());
  const auto user = users_asked(given);
  if (!user) return Failure(user.error());
  Asked asked{*names, *filter, {}};
  wire::ListJobs& list = *asked.request.mutable_list_jobs();
  put_names(*names, &list);
  list.set_expand(true);
  list.set_user(*user);
  const auto selector = selector_asked(given);
  if (!selector) return Failure(selector.error());
  list.set_selector(*selector);
  list.set_ended(given.has("all"));
  list.set_full(given.has("steps") || filter->needs_full() || names_full_column(given));
  // The usual columns show no more.
  list.set_brief(!list.full() && !filter->needs_usual() &&
                 std::ranges::none_of(std::array{"format", "json", "sort", "watch", "steps"},
                                      [&given](const char* name) { return given.has(name); }));
  if (given.has("steps") && given.has("watch")) {
    return usage_error(given.command(), "--steps cannot be watched");
  }
  return asked;
}

/// Names that were asked for and not answered: one error each.
bool report_missing(const std::vector<JobName>& asked, const JobRows& rows) {
  bool is_missing = false;
  for (const JobName& name : asked) {
    const bool found = std::ranges::any_of(
        rows, [&](const wire::JobView* view) { return is_shown_by(name, *view); });
    if (found) continue;
    print_error("no job " + quoted(name.text));
    is_missing = true;
  }
  return is_missing;
}

void note_none(const Parsed& given) {
  note_nothing(
      given, "job",
      {"user", "state", "partition", "reason", "name", "account", "qos", "nodelist", "label"});
}

JobRows rows_of(const wire::JobList& list) {
  JobRows rows;
  rows.reserve(static_cast<std::size_t>(list.jobs_size()));
  for (const wire::JobView& job : list.jobs()) rows.push_back(&job);
  return rows;
}

Result<std::string> document(const Parsed& given, const JobFilter& filter, JobRows rows) {
  std::erase_if(rows, [&filter](const wire::JobView* job) { return !filter.keeps(*job); });
  if (auto sorted = sort_rows(given, job_columns(), &rows); !sorted) {
    return Failure(sorted.error());
  }
  if (!given.has("json")) return table_text(given, job_columns(), rows);
  JsonWriter json;
  json.begin_array("jobs");
  for (const wire::JobView* job : rows) write_json(*job, &json);
  json.end_array();
  return json.take();
}

/// The table line by line as the jobs come: it needs no list of them.
class RunningTable {
 public:
  RunningTable(const Parsed& given, const Asked& asked) : given_(given), asked_(asked) {}

  Result<void> take(const wire::JobList& slice, bool is_first) {
    if (is_first) {
      auto made = Table<wire::JobView>::make(given_, job_columns());
      if (!made) return Failure(made.error());
      table_.emplace(std::move(*made));
      is_found_.assign(asked_.names.size(), false);
    }
    for (const wire::JobView& job : slice.jobs()) {
      note(job);
      if (!asked_.filter.keeps(job)) continue;
      table_->add(job);
      is_empty_ = false;
    }
    return {};
  }

  Result<int> finish(Session& session) {
    // A partition where nothing is found has to be there at least.
    const auto wanted = check_partitions(given_, session, !is_empty_);
    if (!wanted) return Failure(wanted.error());
    // Of jobs that are not there no line of headers tells anything.
    const bool is_any_there = asked_.names.empty() || std::ranges::count(is_found_, true) != 0;
    if (is_any_there) {
      if (const auto printed = table_->text.write(print); !printed) {
        return Failure(printed.error());
      }
    }
    if (is_empty_) note_none(given_);
    if (given_.has("label")) return 0;  // those that are not shown may have other labels
    int status = 0;
    for (std::size_t i = 0; i < is_found_.size(); ++i) {
      if (is_found_[i]) continue;
      print_error("no job " + quoted(asked_.names[i].text));
      status = exit_status(Code::not_found);
    }
    return status;
  }

 private:
  void note(const wire::JobView& job) {
    for (std::size_t i = 0; i < is_found_.size(); ++i) {
      if (!is_found_[i] && is_shown_by(asked_.names[i], job)) is_found_[i] = true;
    }
  }

  const Parsed& given_;
  const Asked& asked_;
  std::optional<Table<wire::JobView>> table_;
  std::vector<bool> is_found_;  // by name
  bool is_empty_ = true;
};

Result<int> print_once(const Parsed& given, const Asked& asked, Session& session) {
  if (!given.has("json") && !given.has("sort") && !given.has("steps")) {
    RunningTable table(given, asked);
    const auto listed = session.ask_in_slices(
        asked.request, [&table](const wire::ClientReply& slice, bool is_first) {
          return table.take(slice.jobs(), is_first);
        });
    if (!listed) return Failure(listed.error());
    return table.finish(session);
  }
  const auto reply = session.ask_surely(asked.request);
  if (!reply) return Failure(reply.error());
  const auto& jobs = reply->jobs().jobs();
  const bool is_any = std::any_of(
      jobs.begin(), jobs.end(), [&](const wire::JobView& job) { return asked.filter.keeps(job); });
  const auto wanted = check_partitions(given, session, is_any);
  if (!wanted) return Failure(wanted.error());
  const auto text = given.has("steps") ? steps_text(given, asked.filter, reply->jobs())
                                       : document(given, asked.filter, rows_of(reply->jobs()));
  if (!text) return Failure(text.error());
  if (const auto printed = print(*text); !printed) return Failure(printed.error());
  if (!is_any) note_none(given);
  if (given.has("label")) return 0;
  return report_missing(asked.names, rows_of(reply->jobs())) ? exit_status(Code::not_found) : 0;
}

/// Prints lists and changes as they come.
class Watcher {
 public:
  Watcher(const Parsed& given, const Asked& asked) : given_(given), asked_(asked) {}

  /// A terminal's screen is begun anew. Programs get the list once, then the changes.
  Result<void> show(const JobRows& rows) {
    if (!std::exchange(is_checked_, true) && report_missing(asked_.names, rows)) {
      return fail(Code::not_found, "only jobs that are there can be watched");
    }
    if (given_.has("json")) return is_begun_ ? Result<void>() : begin(rows);
    return show_text(document(given_, asked_.filter, rows));
  }

  Result<void> tell(const wire::JobList& news) {
    if (!given_.has("json") || !is_begun_) return {};
    JsonWriter json;
    std::set<std::uint64_t> gone(news.gone().begin(), news.gone().end());
    json.begin_array("jobs");
    for (const wire::JobView& job : news.jobs()) {
      if (!asked_.filter.keeps(job)) {
        gone.insert(job.job());
        continue;
      }
      shown_.insert(job.job());
      write_json(job, &json);
    }
    json.end_array();
    json.begin_array("gone");
    for (const std::uint64_t job : gone) {
      if (shown_.erase(job) != 0) json.item(job);
    }
    json.end_array();
    return print(json.take());
  }

 private:
  static Result<void> show_text(const Result<std::string>& text) {
    if (!text) return Failure(text.error());
    if (!stdout_is_terminal()) return print(*text);
    return print("\033[H\033[2J" + cut_for_screen(*text, terminal_height(), terminal_width()));
  }

  Result<void> begin(const JobRows& rows) {
    is_begun_ = true;
    for (const wire::JobView* job : rows) {
      if (asked_.filter.keeps(*job)) shown_.insert(job->job());
    }
    const auto text = document(given_, asked_.filter, rows);
    return text ? print(*text) : Result<void>(Failure(text.error()));
  }

  const Parsed& given_;
  const Asked& asked_;
  std::set<std::uint64_t> shown_;
  bool is_checked_ = false;
  bool is_begun_ = false;
};

Result<int> watch(const Parsed& given, const Asked& asked, Session& session) {
  WatchTerms terms;
  terms.pause = seconds(1);
  if (!given.value("watch").empty()) {
    const auto number = number_option("watch", given.value("watch"), 1, 86'400);
    if (!number) return Failure(number.error());
    terms.pause = seconds(*number);
  }
  terms.wants_clock = stdout_is_terminal() && !given.has("json");
  terms.ends_when_empty = !asked.names.empty() && !given.has("all");
  wire::ClientRequest request = asked.request;
  request.mutable_list_jobs()->set_watch(true);
  Watcher watcher(given, asked);
  return watch_queue(session, request, terms,
                     {[&](const JobRows& rows) { return watcher.show(rows); },
                      [&](const wire::JobList& news) { return watcher.tell(news); }});
}

Result<int> run(const Parsed& given) {
  const auto asked = read_asked(given);
  if (!asked) return Failure(asked.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  if (given.has("watch")) return watch(given, *asked, *session);
  return print_once(given, *asked, *session);
}

}  // namespace
}  // namespace queue_locals

const Command queue_command{"queue",
                            "[JOB...] [OPTIONS]",
                            "pending and running jobs",
                            queue_locals::options,
                            Operands::anywhere,
                            0,
                            queue_locals::run};

}  // namespace cox::cmds
