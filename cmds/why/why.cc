// cox why: everything that keeps a job from starting.
#include <array>
#include <utility>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static constexpr std::array table = {jobs_label_option, json_option, cluster_option, help_option};
  return table;
}

std::string text_of(const wire::Explanation& explanation) {
  std::string text = "job " + explanation.id() + " is " + explanation.state();
  text += explanation.summary().empty() ? "\n" : ": " + explanation.summary() + "\n";
  std::vector<std::vector<std::string>> rows;
  for (const wire::Check& check : explanation.checks()) {
    rows.push_back({check.passed() ? "  ok" : "  no", check.name(), check.detail()});
  }
  text += lay_out_plain(rows);
  if (!explanation.next_event().empty()) text += "next: " + explanation.next_event() + "\n";
  return text;
}

Result<wire::Explanation> explain(const Parsed& given, Session& session, const JobName& job) {
  wire::ClientRequest request;
  request.mutable_explain_job()->set_job(job.job.value);
  if (job.elements.count() > 1) {
    return usage_error(given.command(), "job " + job.text + ": one element only");
  }
  if (!job.elements.empty()) {
    request.mutable_explain_job()->set_index(job.elements.first());
    request.mutable_explain_job()->set_has_index(true);
  }
  const auto reply = session.ask_surely(request);
  if (!reply) return Failure(reply.error());
  return reply->explanation();
}

/// Of a job that is named the document is its own; else there is a list.
std::string document_of(const Parsed& given, const std::vector<wire::Explanation>& all) {
  JsonWriter json;
  if (!given.has("label")) {
    write_json(all.front(), &json);
    return json.take();
  }
  json.begin_array("jobs");
  for (const wire::Explanation& one : all) {
    json.begin_object();
    write_json(one, &json);
    json.end_object();
  }
  json.end_array();
  return json.take();
}

Result<int> run(const Parsed& given) {
  if (auto good = check_names_or_label(given, !given.operands().empty()); !good) {
    return Failure(good.error());
  }
  std::vector<JobName> jobs;
  if (!given.has("label")) {
    const auto job = one_job(given);
    if (!job) return Failure(job.error());
    jobs.push_back(*job);
  }
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  if (given.has("label")) {
    auto labelled = labelled_jobs(given, *session, Labelled::unended);
    if (!labelled) return Failure(labelled.error());
    jobs = std::move(*labelled);
  }
  std::vector<wire::Explanation> all;
  std::string text;
  for (const JobName& job : jobs) {
    const auto explained = explain(given, *session, job);
    if (!explained) return Failure(explained.error());
    text += (text.empty() ? "" : "\n") + text_of(*explained);
    all.push_back(*explained);
  }
  const auto printed = print(given.has("json") ? document_of(given, all) : text);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace

const Command why_command{"why",
                          "JOB | -l SELECTOR [OPTIONS]",
                          "everything that keeps a job from starting",
                          options,
                          Operands::anywhere,
                          0,
                          run};

}  // namespace cox::cmds
