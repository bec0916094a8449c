// sbatch: hands a script to the controller, with the same request as `cox submit`.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cmds/client/commands.h"
#include "cmds/client/directives.h"
#include "cmds/client/parse.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/wording.h"
#include "cmds/slurm/sbatch_options.h"
#include "cmds/slurm/sbatch_script.h"
#include "cmds/slurm/test_only.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"
#include "model/array_spec.h"

namespace cox::cmds::slurm {
namespace sbatch_locals {
namespace {

/// Lines "#COX" are for cox submit; here they are comments.
bool is_ours(std::string_view script, std::size_t line) {
  for (std::size_t i = 1; i < line; ++i) script.remove_prefix(script.find('\n') + 1);
  return script.starts_with("#SBATCH");
}

Result<void> take_directives(const std::string& script, Submission* to) {
  const auto directives = read_directives(script);
  if (!directives) {
    return fail(Code::bad_usage, "line " + directives.error().message);
  }
  for (const Directive& directive : *directives) {
    if (!is_ours(script, directive.line)) continue;
    const std::string where = "line " + std::to_string(directive.line);
    const auto words = read_words(sbatch_options(), directive.words, Stop::never);
    if (!words) return Failure(words.error().with_context(where));
    if (!words->operands.empty()) {
      return fail(Code::bad_usage,
                  where + ": " + quoted(words->operands.front()) + ": an option is expected");
    }
    const auto taken = take_options(words->options, to);
    if (!taken) return Failure(taken.error().with_context(where));
  }
  return {};
}

Result<void> take_environment(Submission* to) {
  const auto words = environment_words();
  const auto given = read_words(sbatch_options(), words, Stop::never);
  return given ? take_options(given->options, to) : Result<void>(Failure(given.error()));
}

/// srun in the script exports what the script was to have. What an outer job left is not ours.
void keep_export(Submission* to) {
  constexpr const char* name = "SLURM_EXPORT_ENV";
  if (!to->has_export) {
    ::unsetenv(name);
    return;
  }
  ::setenv(name, to->draft.exported.c_str(), 1);
  to->draft.exported += std::string(",") + name;
}

/// The least binding first: later ones win.
Result<wire::Submit> make(const Words& given, const Script& script, Submission* to) {
  auto taken = take_directives(script.text, to);
  if (taken) taken = take_environment(to);
  if (taken) taken = take_options(given.options, to);
  if (!taken) return Failure(taken.error());
  keep_export(to);
  JobRequest& job = to->draft.job;
  if (job.name.empty()) job.name = script.job_name;
  job.argv = script.arguments;
  JobCommon& common = job.common.edit();
  if (common.output.empty()) {
    common.output = common.array.empty() ? "slurm-%j.out" : "slurm-%A_%a.out";
  }
  const auto completed = complete(&to->draft);
  if (!completed) return Failure(completed.error());
  const auto collected = collect_surroundings(&job);
  if (!collected) return Failure(collected.error());
  return make_submit(to->draft, script.text);
}

Failure refused_by_controller(const Error& error) {
  const auto text = slurm_text(error);
  if (text) say_error(error.message);
  return fail(error.code, "Batch job submission failed: " + text.value_or(error.message));
}

Result<void> tell(const std::string& id, const std::string& cluster, const Words& own) {
  if (own.has("parsable")) return print(id + (cluster.empty() ? "" : ";" + cluster) + "\n");
  if (own.has("quiet")) return {};
  return print("Submitted batch job " + id + (cluster.empty() ? "" : " on cluster " + cluster) +
               "\n");
}

/// Until it has ended; its exit status, of an array the highest.
Result<int> wait_for(const std::string& id) {
  const auto words = parse(wait_command, {"--quiet", id});
  return words ? wait_command.run(*words) : Result<int>(Failure(words.error()));
}

Result<int> run(const Words& given) {
  const auto script = read_script(given);
  if (!script) return Failure(script.error());
  Submission submission;
  auto message = make(given, *script, &submission);
  if (!message) return Failure(message.error());
  if (submission.own.has("test-only")) {
    return test_only(std::move(*message), submission.own, "allocation failure: ");
  }
  auto session = open_session();
  if (!session) return Failure(session.error());
  const auto cluster = check_clusters(*session, submission.own);
  if (!cluster) return Failure(cluster.error());
  wire::ClientRequest request;
  *request.mutable_submit() = std::move(*message);
  const auto reply = session->ask_surely(std::move(request));
  if (!reply && session->may_be_obeyed(reply.error())) {
    return refused_by_controller(unanswered(reply.error()));
  }
  if (!reply) return refused_by_controller(reply.error());
  for (const std::string& note : submission.notes) say_note(note);
  const std::string id = std::to_string(reply->submitted().job());
  const auto told = tell(id, *cluster, submission.own);
  // Who takes this for a refusal would submit it again.
  if (!told)
    return fail(told.error().code, "job " + id + " is queued, but: " + told.error().message);
  return submission.own.has("wait") ? wait_for(id) : Result<int>(0);
}

}  // namespace
}  // namespace sbatch_locals

const Tool sbatch_tool{"sbatch",       "[OPTIONS] [SCRIPT [ARGS...]]",
                       sbatch_options, Stop::at_operand,
                       nullptr,        sbatch_locals::run};

}  // namespace cox::cmds::slurm
