// srun: a step of the job around it, or a job of its own, with the same request as `cox run`.
#include <cstdlib>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/terminal.h"
#include "cmds/run/follow.h"
#include "cmds/run/run_request.h"
#include "cmds/slurm/srun_options.h"
#include "cmds/slurm/srun_request.h"
#include "cmds/slurm/srun_voice.h"
#include "cmds/slurm/test_only.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"

namespace cox::cmds::slurm {
namespace srun_locals {
namespace {

constexpr const char* mpi_types = "MPI plugin types are...\n\tnone\n\tpmi2\n\tpmix\n";

/// In Slurm's words, with ours before where they say more.
Failure refused_by_controller(const Error& error, const std::string& job) {
  const auto text = slurm_text(error);
  if (text) say_error(error.message);
  const std::string what = job.empty() ? "Unable to allocate resources: "
                                       : "Unable to create step for job " + job + ": ";
  return fail(error.code, what + text.value_or(error.message));
}

SrunVoice::Options voice_options(const SrunRequest& asked) {
  SrunVoice::Options options;
  options.is_quiet = asked.own.has("quiet");
  options.is_verbose = asked.own.has("verbose");
  options.quits_on_interrupt = asked.own.has("quit-on-interrupt");
  for (const GivenOption& option : asked.words.options) {
    options.shows_binding |= std::string_view(option.spec->name) == "show-binding";
  }
  return options;
}

void tell_notes(const SrunRequest& asked) {
  if (asked.own.has("quiet")) return;
  for (const std::string& note : asked.visible) say(note);
  for (const std::string& note : asked.notes) say_note(note);
}

Result<int> follow(const SrunRequest& asked, RunRequest request) {
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  if (const auto cluster = check_clusters(*session, asked.own); !cluster) {
    return Failure(cluster.error());
  }
  SrunVoice voice(voice_options(asked));
  auto conversation = Conversation::start(std::move(*session), std::move(request.request), voice);
  if (!conversation) return refused_by_controller(conversation.error(), asked.job);
  Run run(std::move(*conversation), std::move(*signals), request.attach, voice);
  if (asked.immediate_s) run.give_up_after(seconds(*asked.immediate_s));
  if (asked.wait_s) run.end_after_first(seconds(*asked.wait_s));
  const auto status = run.to_end();
  if (run.has_given_up()) {
    say_error("Unable to allocate resources: Requested nodes are busy");
    return own_status("SLURM_EXIT_IMMEDIATE");
  }
  if (!status && run.has_step()) return Failure(status.error());
  if (!status) {
    return refused_by_controller(reworded(status.error(), request.wording), asked.job);
  }
  const bool is_own =
      *status == own_failure_status && (!run.has_step() || voice.has_failed_itself());
  return is_own ? own_status("SLURM_EXIT_ERROR") : *status;
}

Result<int> run(const Words& given) {
  if (given.value("mpi") == "list") {
    const auto printed = print(mpi_types);
    return printed ? Result<int>(0) : Failure(printed.error());
  }
  if (given.operands.empty()) return fail(Code::bad_usage, "No command given to execute.");
  auto asked = read_srun(given);
  if (!asked) return Failure(asked.error());
  tell_notes(*asked);
  auto request = read_run_request(Parsed(run_command, asked->words));
  if (!request) return Failure(request.error());
  request->attach.output_of = asked->output_of;
  request->attach.error_of = asked->error_of;
  if (asked->own.has("test-only")) {
    return test_only(request->request.submit(), asked->own, "Unable to allocate resources: ");
  }
  return follow(*asked, std::move(*request));
}

}  // namespace
}  // namespace srun_locals

const Tool srun_tool{"srun",       "[OPTIONS] COMMAND [ARGS...]",
                     srun_options, Stop::at_operand,
                     nullptr,      srun_locals::run};

}  // namespace cox::cmds::slurm
