// cox history: jobs that ended, one line each, with what they asked for and used.
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/nothing.h"
#include "cmds/client/session.h"
#include "cmds/client/sort.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/history/columns.h"
#include "cmds/history/past_time.h"
#include "common/text.h"
#include "model/selector.h"

namespace cox::cmds {
namespace history_locals {
namespace {

constexpr std::uint32_t entries_by_default = 100;
constexpr std::uint32_t entries_per_reply = 1000;

OptionTable options() {
  static constexpr std::array table = {
      user_option,
      OptionSpec{"account", 'A', "NAME,...", "jobs charged to these accounts"},
      OptionSpec{"partition", 'p', "LIST", "jobs that waited for these partitions"},
      OptionSpec{"state", 's', "STATE,...", "jobs that ended like this: FAILED, TIMEOUT"},
      OptionSpec{"label", 'l', "SELECTOR", "jobs with such labels; may be repeated"},
      OptionSpec{"since", 'S', "WHEN", "ended then or later: 2031-05-01, 17:30, 12h"},
      OptionSpec{"until", 'E', "WHEN", "ended before then"},
      OptionSpec{"limit", 'n', "N", "at most this many, the last; 0: all"},
      OptionSpec{"attempts", 0, "", "attempts that were requeued or undone too"},
      sort_option,
      format_option,
      no_header_option,
      json_option,
      cluster_option,
      help_option};
  return table;
}

/// How many entries are wanted: those that ended last. 0: all.
Result<std::uint32_t> limit_asked(const Parsed& given) {
  if (given.has("limit")) return number_option("limit", given.value("limit"), 0, 1'000'000'000);
  const bool is_narrow = !given.operands().empty() || given.has("since") || given.has("until");
  return is_narrow ? 0 : entries_by_default;
}

Result<std::int64_t> time_asked(const Parsed& given, const char* option, Instant now) {
  if (!given.has(option)) return 0;
  const auto at = parse_past_time(given.value(option), now);
  if (!at) return Failure(at.error().with_context(std::string("--") + option));
  return at->us;
}

bool wants_steps(const Parsed& given) {
  return given.has("json") || given.value("format").find("steps") != std::string::npos;
}

/// KEY or KEY=VALUE: what the history finds by itself.
bool is_plain_label(const std::string& selector) {
  const std::size_t equals = selector.find('=');
  return is_label_key(selector.substr(0, equals)) &&
         (equals == std::string::npos || is_label_value(selector.substr(equals + 1)));
}

/// What has to be looked at entry by entry. error: bad_usage for a selector that is none
Result<std::vector<Selector>> selectors_asked(const Parsed& given) {
  std::vector<Selector> selectors;
  for (const std::string& label : given.values("label")) {
    auto selector = Selector::parse(label);
    if (!selector) return Failure(selector.error().with_context("--label"));
    if (selector->empty()) {
      return fail(Code::bad_usage, "--label \"\": a selector is expected, as app=cfd");
    }
    if (!is_plain_label(label)) selectors.push_back(std::move(*selector));
  }
  return selectors;
}

bool has_labels(const wire::HistoryEntry& entry, const std::vector<Selector>& selectors) {
  if (selectors.empty()) return true;
  const Labels labels(entry.labels().begin(), entry.labels().end());
  return std::all_of(selectors.begin(), selectors.end(),
                     [&labels](const Selector& one) { return one.matches(labels); });
}

Result<wire::HistoryQuery> query_asked(const Parsed& given) {
  wire::HistoryQuery query;
  const auto jobs = job_operands(given);
  if (!jobs) return Failure(jobs.error());
  put_names(*jobs, &query);
  const auto user = users_asked(given);
  if (!user) return Failure(user.error());
  query.set_user(*user);
  query.set_account(given.list("account"));
  query.set_partition(given.list("partition"));
  const std::string states = given.list("state");
  for (const std::string_view state : split(states, ',')) {
    if (!state.empty()) query.add_states(std::string(state));
  }
  for (const std::string& label : given.values("label")) {
    if (is_plain_label(label)) query.add_labels(label);
  }
  const Instant now = wall_now();
  const auto since = time_asked(given, "since", now);
  if (!since) return Failure(since.error());
  const auto until = time_asked(given, "until", now);
  if (!until) return Failure(until.error());
  query.set_since_us(*since);
  query.set_until_us(*until);
  query.set_all_attempts(given.has("attempts"));
  query.set_steps(wants_steps(given));
  return query;
}

/// Page after page, newest first, until `limit` or the end.
Result<std::vector<wire::HistoryEntry>> read_entries(Session& session,
                                                     wire::HistoryQuery query,
                                                     const std::vector<Selector>& selectors,
                                                     std::uint32_t limit) {
  std::vector<wire::HistoryEntry> entries;
  for (;;) {
    const auto left = static_cast<std::uint32_t>(limit - entries.size());
    const bool is_all = limit == 0 || !selectors.empty();
    query.set_limit(is_all ? entries_per_reply : std::min(entries_per_reply, left));
    wire::ClientRequest request;
    *request.mutable_history_query() = query;
    auto reply = session.ask_surely(request);
    if (!reply) return Failure(reply.error());
    for (wire::HistoryEntry& entry : *reply->mutable_history()->mutable_entries()) {
      const bool is_wanted = limit == 0 || entries.size() < limit;
      if (is_wanted && has_labels(entry, selectors)) entries.push_back(std::move(entry));
    }
    const bool is_full = limit != 0 && entries.size() >= limit;
    if (is_full || !reply->history().has_next()) break;
    *query.mutable_after() = reply->history().next();
  }
  std::reverse(entries.begin(), entries.end());
  return entries;
}

bool report_missing(const std::vector<JobName>& names,
                    const std::vector<wire::HistoryEntry>& entries) {
  bool is_missing = false;
  for (const JobName& name : names) {
    const bool found = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return is_shown_by(name, entry.job());
    });
    if (found) continue;
    print_error("no ended attempt of job " + quoted(name.text) + " is found");
    is_missing = true;
  }
  return is_missing;
}

Result<std::string> document(const Parsed& given, const std::vector<wire::HistoryEntry>& entries) {
  std::vector<const wire::HistoryEntry*> rows;
  rows.reserve(entries.size());
  for (const wire::HistoryEntry& entry : entries) rows.push_back(&entry);
  if (auto sorted = sort_rows(given, history_columns(), &rows); !sorted) {
    return Failure(sorted.error());
  }
  if (!given.has("json")) return table_text(given, history_columns(), rows);
  JsonWriter json;
  json.begin_array("attempts");
  for (const wire::HistoryEntry* entry : rows) write_json(*entry, &json);
  json.end_array();
  return json.take();
}

Result<int> run(const Parsed& given) {
  const auto jobs = job_operands(given);
  if (!jobs) return Failure(jobs.error());
  const auto query = query_asked(given);
  if (!query) return Failure(query.error());
  const auto limit = limit_asked(given);
  if (!limit) return Failure(limit.error());
  const auto selectors = selectors_asked(given);
  if (!selectors) return Failure(selectors.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  const auto entries = read_entries(*session, *query, *selectors, *limit);
  if (!entries) return Failure(entries.error());
  // A partition of which nothing is found has to be there at least.
  const auto known = check_partitions(given, *session, !entries->empty());
  if (!known) return Failure(known.error());
  const auto text = document(given, *entries);
  if (!text) return Failure(text.error());
  // Of jobs that are not there no line of headers tells anything.
  const bool is_silent = entries->empty() && !jobs->empty() && !given.has("json");
  const auto printed = is_silent ? Result<void>() : print(*text);
  if (!printed) return Failure(printed.error());
  if (entries->empty()) {
    note_nothing(given, "ended job",
                 {"user", "account", "partition", "state", "label", "since", "until"});
  }
  return report_missing(*jobs, *entries) ? exit_status(Code::not_found) : 0;
}

}  // namespace
}  // namespace history_locals

const Command history_command{"history",
                              "[JOB...] [OPTIONS]",
                              "ended jobs and what they used",
                              history_locals::options,
                              Operands::anywhere,
                              0,
                              history_locals::run};

}  // namespace cox::cmds
