// cox queue: pending and running jobs, one line each.
#include <poll.h>

#include <algorithm>
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "common/text.h"
#include "model/selector.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      user_option,
      jobs_label_option,
      OptionSpec{"all", 'a', "", "ended jobs too"},
      format_option,
      no_header_option,
      json_option,
      OptionSpec{"watch", 0, "[=SECONDS]", "print again and again; default every 2 s"},
      cluster_option,
      help_option};
  return table;
}

/// Names that were asked for and not answered: one error each.
bool report_missing(const std::vector<JobName>& asked, const wire::JobList& list) {
  bool is_missing = false;
  for (const JobName& name : asked) {
    const bool found =
        std::any_of(list.jobs().begin(), list.jobs().end(),
                    [&](const wire::JobView& view) { return is_shown_by(name, view); });
    if (found) continue;
    print_error("no job " + quoted(name.text));
    is_missing = true;
  }
  return is_missing;
}

Result<std::string> document(const Parsed& given, const wire::JobList& list) {
  if (!given.has("json")) return table_text(given, job_columns(), list.jobs());
  JsonWriter json;
  json.begin_array("jobs");
  for (const wire::JobView& job : list.jobs()) write_json(job, &json);
  json.end_array();
  return json.take();
}

Result<int> print_once(const Parsed& given,
                       const std::vector<JobName>& jobs,
                       Session& session,
                       bool on_clear_screen) {
  const auto user = user_asked(given);
  if (!user) return Failure(user.error());
  wire::ClientRequest request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  put_names(jobs, &list);
  list.set_expand(true);
  list.set_user(*user);
  const auto selector = Selector::parse(given.value("label"));
  if (!selector) return Failure(selector.error().with_context("--label"));
  list.set_selector(given.value("label"));
  list.set_ended(given.has("all"));
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  const auto text = document(given, reply->jobs());
  if (!text) return Failure(text.error());
  const auto printed = print((on_clear_screen ? "\033[H\033[2J" : "") + *text);
  if (!printed) return Failure(printed.error());
  if (given.has("label")) return 0;  // those that are not shown may have other labels
  return report_missing(jobs, reply->jobs()) ? exit_status(Code::not_found) : 0;
}

Result<int> watch(const Parsed& given, const std::vector<JobName>& jobs, Session& session) {
  std::uint32_t period_s = 2;
  if (!given.value("watch").empty()) {
    const auto number = number_option("watch", given.value("watch"), 1, 86'400);
    if (!number) return Failure(number.error());
    period_s = *number;
  }
  while (true) {
    const auto status = print_once(given, jobs, session, stdout_is_terminal());
    if (!status || *status != 0) return status;
    ::poll(nullptr, 0, static_cast<int>(period_s * 1000));
  }
}

Result<int> run(const Parsed& given) {
  const auto jobs = job_operands(given);
  if (!jobs) return Failure(jobs.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  if (given.has("watch")) return watch(given, *jobs, *session);
  return print_once(given, *jobs, *session, false);
}

}  // namespace

const Command queue_command{
    "queue", "[JOB...] [OPTIONS]", "pending and running jobs", options, Operands::anywhere, 0, run};

}  // namespace cox::cmds
