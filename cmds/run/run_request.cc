// Makes the request of `cox run` from its options and surroundings.
#include "cmds/run/run_request.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/request_options.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "common/text.h"
#include "model/job_state.h"
#include "platform/process.h"
#include "wire/model_codec.h"

namespace cox::cmds {
namespace {

constexpr std::array step_options = {"nodes",
                                     "ntasks",
                                     "ntasks-per-node",
                                     "cpus-per-task",
                                     "mem",
                                     "mem-per-cpu",
                                     "gpus",
                                     "gpus-per-node",
                                     "gres",
                                     "nodelist",
                                     "exclude",
                                     "exclusive",
                                     "exact",
                                     "overlap",
                                     "immediate",
                                     "within",
                                     "time",
                                     "job-name",
                                     "chdir",
                                     "output",
                                     "error",
                                     "input",
                                     "export",
                                     "label-output",
                                     "mpi",
                                     "verbose",
                                     "bind",
                                     "distribution",
                                     "show-binding",
                                     "pty",
                                     "no-kill-on-bad-exit",
                                     "json",
                                     "cluster"};

constexpr std::uint64_t ranks_max = 10'000'000;

Result<MpiKind> parse_mpi(std::string_view text) {
  if (text == "auto") return MpiKind::automatic;
  if (text == "none") return MpiKind::none;
  if (text == "pmix") return MpiKind::pmix;
  if (text == "pmi1") return MpiKind::pmi1;
  if (text == "pmi2") return MpiKind::pmi2;
  return fail(Code::bad_usage, "--mpi " + quoted(text) + ": auto, pmix, pmi2, pmi1 or none");
}

/// The job whose environment we run in, or that is named; none with --new.
std::string surrounding_job(const Parsed& given) {
  if (given.has("within")) return given.value("within");
  const char* job = std::getenv("COX_JOB_ID");
  return job == nullptr || given.has("new") ? "" : job;
}

/// We are a task of a step of that very job. It waits for us, so that we must not wait for it.
bool is_in_step(const std::string& job) {
  const char* of = std::getenv("COX_JOB_ID");
  const char* step = std::getenv("COX_STEP_ID");
  return of != nullptr && job == of && step != nullptr && std::string_view(step) != "batch";
}

/// How a step shares its job with others. error: bad_usage where the options contradict each other
Result<StepSharing> read_sharing(const Parsed& given, const std::string& job) {
  const bool is_exact = given.has("exact") || given.has("exclusive");
  if (given.has("overlap")) {
    if (!is_exact) return StepSharing::overlap;
    return fail(Code::bad_usage, std::string("--overlap: contradicts ") +
                                     (given.has("exact") ? "--exact" : "--exclusive"));
  }
  if (is_exact) return StepSharing::exact;
  if (is_in_step(job)) return StepSharing::overlap;
  return given.has("cpus-per-task") ? StepSharing::exact : StepSharing::whole;
}

/// Whose input it is: `all`, `none`, or a rank; else the name of a file.
Result<void> read_input(const std::string& text, StepRequest* step) {
  step->input.clear();
  if (text.empty() || text == "all") return {};
  if (text == "none") {
    step->input = "/dev/null";
    return {};
  }
  const auto rank = parse_u64(text);
  if (!rank) {
    step->input = text;
    return {};
  }
  if (*rank >= ranks_max) {
    return fail(Code::bad_usage, "--input " + text + ": no step has so many tasks");
  }
  step->input_task = static_cast<std::uint32_t>(*rank);
  return {};
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
  if (auto read = read_input(common.input, &step); !read) return Failure(read.error());
  common.input.clear();
  step.pty = given.has("pty");
  step.bind = std::exchange(common.bind, {});
  step.distribution = std::exchange(common.distribution, {});
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

/// The id of the job in which the step is to run. error: bad_usage, not_found
Result<JobId> job_of_step(const Parsed& given, const std::string& text) {
  const char* origin = given.has("within") ? "--within" : "COX_JOB_ID";
  const auto name = parse_job_name(text);
  if (!name) return Failure(name.error().with_context(origin));
  if (name->step) {
    return fail(Code::bad_usage,
                std::string(origin) + " " + quoted(text) + ": a job is expected, not a step");
  }
  if (name->elements.empty()) return name->job;
  wire::ClientRequest request;
  put_names({*name}, request.mutable_list_jobs());
  const auto reply = ask_cluster(given, request);
  if (!reply) return Failure(reply.error());
  const auto& jobs = reply->jobs().jobs();
  if (jobs.size() == 1 && jobs[0].is_element()) return JobId{jobs[0].job()};
  return fail(Code::bad_usage, std::string(origin) + " " + quoted(text) + ": names " +
                                   std::to_string(jobs.size()) + " running jobs, not one");
}

Result<void> check_step_options(const Parsed& given, const std::string& surrounding) {
  for (const GivenOption& option : given.options()) {
    const bool fits = std::any_of(step_options.begin(), step_options.end(), [&](const char* known) {
      return std::string_view(known) == option.spec->name;
    });
    if (fits) continue;
    return fail(Code::bad_usage, std::string("--") + option.spec->name +
                                     ": no option of a step in job " + surrounding +
                                     " (a job of its own: --new)");
  }
  return {};
}

/// What of the job the step wants.
void take_part(const RequestDraft& draft, StepRequest* step) {
  const Component& part = draft.job.common->components.front();
  // GPUs in all were divided by the smallest number of nodes.
  if (draft.has_nodes || draft.gpus > 0) step->nodes = part.nodes_min;
  step->tasks = part.tasks;
  step->tasks_per_node = part.tasks_per_node;
  step->cpus_per_task = part.cpus_per_task;
  step->memory_per_node_mib = part.memory_per_node_mib;
  step->memory_per_cpu_mib = part.memory_per_cpu_mib;
  step->devices = part.devices;
  step->nodes_wanted = draft.job.common->nodes_wanted;
  step->nodes_excluded = draft.job.common->nodes_excluded;
  step->time_limit = draft.job.time_limit;
}

Result<wire::ClientRequest> new_step(const Parsed& given,
                                     RequestDraft draft,
                                     const std::string& surrounding) {
  if (auto checked = check_step_options(given, surrounding); !checked) {
    return Failure(checked.error());
  }
  const auto job = job_of_step(given, surrounding);
  if (!job) return Failure(job.error());
  const auto sharing = read_sharing(given, surrounding);
  if (!sharing) return Failure(sharing.error());
  auto step = make_step(given, &draft);
  if (!step) return Failure(step.error());
  step->sharing = *sharing;
  take_part(draft, &*step);
  auto environment = exported_environment(draft.exported, platform::current_environment());
  if (!environment) return Failure(environment.error());
  wire::ClientRequest request;
  wire::CreateStep& create = *request.mutable_create_step();
  create.set_job(job->value);
  create.set_immediate(given.has("immediate"));
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
       {"exact", 0, "", "a step takes only what it asks for"},
       {"overlap", 0, "", "a step shares all with other steps"},
       {"immediate", 'I', "", "a step is refused rather than that it waits"},
       {"within", 0, "JOB", "a step of this job, from anywhere"},
       {"pty", 0, "", "the first task has this terminal"},
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
  run.attach.is_terminal = given.has("pty");
  for (const char* other : {"output", "error", "input", "label-output"}) {
    if (!given.has("pty") || !given.has(other)) continue;
    return usage_error(given.command(),
                       std::string("--pty contradicts --") + other +
                           ": what goes through a terminal has no file and no label");
  }
  run.wording = wording_of(*draft);
  const std::string job = surrounding_job(given);
  if (given.has("within") && given.has("new")) {
    return usage_error(given.command(), "--within contradicts --new");
  }
  if (job.empty() && given.has("immediate")) {
    return usage_error(given.command(),
                       "--immediate: only a step of a job is refused at once (outside of one, "
                       "cox submit --dry-run says when a job would start)");
  }
  auto request =
      job.empty() ? new_job(given, std::move(*draft)) : new_step(given, std::move(*draft), job);
  if (!request) return Failure(request.error());
  run.request = std::move(*request);
  const wire::StepRequest& step = run.request.has_create_step()
                                      ? run.request.create_step().request()
                                      : run.request.submit().request().initial_step();
  run.attach.forward_input = step.input().empty();
  run.attach.has_files = !step.output().empty();
  return run;
}

int step_status(const wire::StepResult& result) {
  if (result.signal() != 0) return 128 + result.signal();
  if (result.exit_code() != 0) return std::clamp(static_cast<int>(result.exit_code()), 1, 255);
  const auto cause = static_cast<EndCause>(result.cause());
  return cause == EndCause::finished || cause == EndCause::none ? 0 : own_failure_status;
}

std::string step_end_text(const std::string& job, const wire::StepResult& result) {
  const std::string detail = result.detail().empty() ? "" : ": " + result.detail();
  const std::string name = "job " + job + ": ";
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
