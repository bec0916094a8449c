// cox why: everything that keeps a job from starting, and what would help.
#include <array>
#include <cstdlib>

#include "cmds/client/commands.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/why/answer_text.h"

namespace cox::cmds {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"against", 0, "JOB", "how it stands against this job"},
      OptionSpec{"suggest", 0, "", "what to change so that it starts sooner"}, json_option,
      cluster_option, help_option};
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

Result<int> run(const Parsed& given) {
  const auto job = one_job(given);
  if (!job) return Failure(job.error());
  if (auto one = check_is_one(given, *job); !one) return Failure(one.error());
  wire::ClientRequest request;
  wire::ExplainJob* ask = request.mutable_explain_job();
  ask->set_job(job->job.value);
  ask->set_has_index(!job->elements.empty());
  if (!job->elements.empty()) ask->set_index(job->elements.first());
  ask->set_suggest(given.has("suggest"));
  if (auto put = put_against(given, ask); !put) return Failure(put.error());
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  std::string text;
  if (given.has("json")) {
    JsonWriter json;
    write_json(reply->explanation(), &json);
    text = json.take();
  } else {
    text = answer_text(reply->explanation(), given.has("suggest"));
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
