// Makes the request of `cox run` from its options and surroundings.
#include "cmds/run/run_request.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/request_options.h"
#include "cmds/client/submission.h"
#include "common/text.h"
#include "model/job_state.h"
#include "platform/process.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

constexpr std::array step_options = {"nodes", "ntasks",   "ntasks-per-node", "cpus-per-task",
                                     "time",  "job-name", "chdir",           "output",
                                     "error", "input",    "export",          "label-output",
                                     "mpi",   "verbose",  "show-binding",    "no-kill-on-bad-exit",
                                     "json",  "cluster"};

Result<MpiKind> parse_mpi(std::string_view text) {
  if (text == "auto") return MpiKind::automatic;
  if (text == "none") return MpiKind::none;
  if (text == "pmix") return MpiKind::pmix;
  if (text == "pmi1") return MpiKind::pmi1;
  if (text == "pmi2") return MpiKind::pmi2;
  return fail(Code::bad_usage, "--mpi " + quoted(text) + ": auto, pmix, pmi2, pmi1 or none");
}

/// The job whose environment we run in; none with --new.
std::string surrounding_job(const Parsed& given) {
  const char* job = std::getenv("COX_JOB_ID");
  return job == nullptr || given.has("new") ? "" : job;
}

Result<RequestDraft> read_draft(const Parsed& given) {
  RequestDraft draft;
  const Instant now = wall_now();
  for (const GivenOption& option : given.options()) {
    const auto applied = apply_option(option, now, &draft);
    if (!applied) return Failure(applied.error());
  }
  const auto completed = complete(&draft);
  if (!completed) return Failure(completed.error());
  const auto collected = collect_surroundings(&draft.job);
  if (!collected) return Failure(collected.error());
  if (draft.job.name.empty()) {
    draft.job.name = default_job_name(given.operands().front());
  }
  return draft;
}

/// The tasks' part; output and input of a step stay here unless they go to files.
Result<StepRequest> make_step(const Parsed& given, RequestDraft* draft) {
  StepRequest step;
  JobCommon& common = draft->job.common.edit();
  step.argv = given.operands();
  step.name = draft->job.name;
  step.directory = draft->job.common->directory;
  step.output.swap(common.output);
  step.error.swap(common.error);
  step.input.swap(common.input);
  step.label_output = given.has("label-output");
  step.kill_on_bad_exit = !given.has("no-kill-on-bad-exit");
  if (given.has("mpi")) {
    const auto mpi = parse_mpi(given.value("mpi"));
    if (!mpi) return Failure(mpi.error());
    step.mpi = *mpi;
  }
  return step;
}

Result<wire::ClientRequest> new_job(const Parsed& given, RequestDraft draft) {
  const auto step = make_step(given, &draft);
  if (!step) return Failure(step.error());
  JobCommon& common = draft.job.common.edit();
  common.kind = JobKind::interactive;
  common.has_initial_step = true;
  common.initial_step = *step;
  auto submit = make_submit(draft, "");
  if (!submit) return Failure(submit.error());
  submit->set_attach(true);
  wire::ClientRequest request;
  *request.mutable_submit() = std::move(*submit);
  return request;
}

Result<wire::ClientRequest> new_step(const Parsed& given,
                                     RequestDraft draft,
                                     const std::string& surrounding) {
  const auto name = parse_job_name(surrounding);
  if (!name) return Failure(name.error().with_context("COX_JOB_ID"));
  for (const GivenOption& option : given.options()) {
    const bool fits = std::any_of(step_options.begin(), step_options.end(), [&](const char* known) {
      return std::string_view(known) == option.spec->name;
    });
    if (fits) continue;
    return fail(Code::bad_usage, std::string("--") + option.spec->name +
                                     ": no option of a step in job " + surrounding +
                                     " (a job of its own: --new)");
  }
  auto step = make_step(given, &draft);
  if (!step) return Failure(step.error());
  const Component& part = draft.job.common->components.front();
  if (draft.has_nodes) step->nodes = part.nodes_min;
  step->tasks = part.tasks;
  step->tasks_per_node = part.tasks_per_node;
  step->cpus_per_task = part.cpus_per_task;
  step->time_limit = draft.job.time_limit;
  auto environment = exported_environment(draft.exported, platform::current_environment());
  if (!environment) return Failure(environment.error());
  wire::ClientRequest request;
  wire::CreateStep& create = *request.mutable_create_step();
  create.set_job(name->job.value);
  wire::put(*step, create.mutable_request());
  for (std::string& variable : *environment) create.add_environment(std::move(variable));
  const ClientKey key = make_client_key();
  create.set_key_high(key.words[0]);
  create.set_key_low(key.words[1]);
  return request;
}

}  // namespace

OptionTable run_options() {
  static const std::vector<OptionSpec> table = with_request_options(
      {{"label-output", 'l', "", "each line begins with its task's rank"},
       {"mpi", 0, "KIND", "auto, pmix, pmi2, pmi1 or none"},
       {"new", 0, "", "a job of its own, even inside a job"},
       {"no-kill-on-bad-exit", 0, "", "a task that fails does not end the others"},
       {"verbose", 'v', "", "say how the tasks are wired up"},
       {"bind", 0, "KIND", ""},
       {"distribution", 'm', "KIND", ""},
       {"exact", 0, "", ""},
       {"overlap", 0, "", ""},
       {"pty", 0, "", ""},
       {"show-binding", 0, "", "say which task gets which cores"},
       json_option,
       cluster_option,
       help_option});
  return table;
}

Result<RunRequest> read_run_request(const Parsed& given) {
  if (given.operands().empty()) return usage_error(given.command(), "a command is missing");
  auto draft = read_draft(given);
  if (!draft) return Failure(draft.error());
  RunRequest run;
  run.attach.label_output = given.has("label-output");
  run.attach.is_verbose = given.has("verbose");
  run.attach.shows_binding = given.has("show-binding");
  run.attach.forward_input = draft->job.common->input.empty();
  run.wording = wording_of(*draft);
  const std::string job = surrounding_job(given);
  auto request =
      job.empty() ? new_job(given, std::move(*draft)) : new_step(given, std::move(*draft), job);
  if (!request) return Failure(request.error());
  run.request = std::move(*request);
  return run;
}

int step_status(const wire::StepResult& result) {
  if (result.signal() != 0) return 128 + result.signal();
  if (result.exit_code() != 0) return std::clamp(static_cast<int>(result.exit_code()), 1, 255);
  const auto cause = static_cast<EndCause>(result.cause());
  return cause == EndCause::finished || cause == EndCause::none ? 0 : own_failure_status;
}

std::string step_end_text(std::uint64_t job, const wire::StepResult& result) {
  const std::string detail = result.detail().empty() ? "" : ": " + result.detail();
  const std::string name = "job " + std::to_string(job) + ": ";
  switch (static_cast<EndCause>(result.cause())) {
    case EndCause::time_limit:
      return name + "ended at its time limit" + detail;
    case EndCause::cancelled:
      return name + "cancelled" + detail;
    case EndCause::out_of_memory:
      return name + "ended for want of memory (see: --mem)" + detail;
    case EndCause::node_lost:
    case EndCause::supervisor_lost:
      return name + "a node or its supervisor was lost" + detail;
    case EndCause::launch_failed:
      return result.detail().empty() ? name + "could not be started" : result.detail();
    case EndCause::bad_exit:
      return name + "a task failed, the others were ended" + detail;
    default:
      return result.detail();
  }
}

}  // namespace cox::cmds
