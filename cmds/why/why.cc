// cox why: everything that keeps a job from starting.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static constexpr std::array table = {json_option, cluster_option, help_option};
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

Result<int> run(const Parsed& given) {
  const auto job = one_job(given);
  if (!job) return Failure(job.error());
  wire::ClientRequest request;
  request.mutable_explain_job()->set_job(job->job.value);
  if (job->elements.count() > 1) {
    return usage_error(given.command(), "job " + job->text + ": one element only");
  }
  if (!job->elements.empty()) {
    request.mutable_explain_job()->set_index(job->elements.first());
    request.mutable_explain_job()->set_has_index(true);
  }
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  std::string text;
  if (given.has("json")) {
    JsonWriter json;
    write_json(reply->explanation(), &json);
    text = json.take();
  } else {
    text = text_of(reply->explanation());
  }
  const auto printed = print(text);
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace

const Command why_command{"why",   "JOB [OPTIONS]",    "everything that keeps a job from starting",
                          options, Operands::anywhere, 0,
                          run};

}  // namespace cox::cmds
