// cox why: everything that keeps a job from starting, and what would help.
#include <array>
#include <utility>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/why/answer_text.h"

namespace cox::cmds {
namespace why_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"against", 0, "JOB", "how it stands against this job"},
      OptionSpec{"suggest", 0, "", "what to change so that it starts sooner"},
      jobs_label_option,
      json_option,
      cluster_option,
      help_option};
  return table;
}

Result<void> check_is_one(const Parsed& given, const JobName& name) {
  if (name.elements.count() <= 1) return {};
  return usage_error(given.command(), "job " + name.text + ": one element only");
}

Result<void> put_against(const Parsed& given, wire::ExplainJob* to) {
  if (!given.has("against")) return {};
  const auto other = parse_job_name(given.value("against"));
  if (!other) return usage_error(given.command(), "--against: " + other.error().message);
  if (other->step.has_value()) {
    return usage_error(given.command(), "--against " + other->text + ": a job, not a step");
  }
  if (auto one = check_is_one(given, *other); !one) return one;
  to->set_against(other->job.value);
  to->set_has_against_index(!other->elements.empty());
  if (!other->elements.empty()) to->set_against_index(other->elements.first());
  return {};
}

Result<wire::Explanation> explain(const Parsed& given, Session& session, const JobName& job) {
  if (auto one = check_is_one(given, job); !one) return Failure(one.error());
  wire::ClientRequest request;
  wire::ExplainJob* ask = request.mutable_explain_job();
  ask->set_job(job.job.value);
  ask->set_has_index(!job.elements.empty());
  if (!job.elements.empty()) ask->set_index(job.elements.first());
  ask->set_suggest(given.has("suggest"));
  if (auto put = put_against(given, ask); !put) return Failure(put.error());
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
    text += (text.empty() ? "" : "\n") + answer_text(*explained, given.has("suggest"));
    all.push_back(*explained);
  }
  const auto printed = print(given.has("json") ? document_of(given, all) : text);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace
}  // namespace why_locals

const Command why_command{"why",
                          "JOB | -l SELECTOR [OPTIONS]",
                          "everything that keeps a job from starting",
                          why_locals::options,
                          Operands::anywhere,
                          0,
                          why_locals::run};

}  // namespace cox::cmds
