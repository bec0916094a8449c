// salloc: an allocation and a command in it, here, with the same request as `cox alloc`.
#include <unistd.h>

#include "cmds/alloc/allocation.h"
#include "cmds/alloc/surroundings.h"
#include "cmds/client/commands.h"
#include "cmds/slurm/salloc_options.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"

namespace cox::cmds::slurm {
namespace salloc_locals {
namespace {

/// The lines that people and tools know.
class SallocVoice : public AllocVoice {
 public:
  SallocVoice(bool is_quiet, bool rings) : is_quiet_(is_quiet), rings_(rings) {}

  void waits(const wire::JobView& job) override {
    const bool has_reason = !job.reason().empty() && job.reason() != "None";
    if (job.state() != "PENDING" || !has_reason || has_waited_) return;
    has_waited_ = true;
    inform("Pending job allocation " + std::to_string(job.job()));
    inform("job " + std::to_string(job.job()) + " queued and waiting for resources");
  }

  void granted(const wire::JobView& job) override {
    const std::string id = std::to_string(job.job());
    if (has_waited_) inform("job " + id + " has been allocated resources");
    inform("Granted job allocation " + id);
    inform("Nodes " + job.node_list() + " are ready for job");
    if (rings_ && ::write(STDERR_FILENO, "\a", 1) != 1) rings_ = false;
  }

  void revoked(const wire::JobView& job) override {
    is_revoked_ = true;
    inform("Job allocation " + std::to_string(job.job()) + " has been revoked.");
  }

  void gives_back(const wire::JobView& job) override {
    inform("Relinquishing job allocation " + std::to_string(job.job()));
  }

  void error(const std::string& text) override { say_error(text); }

  bool is_revoked() const { return is_revoked_; }

 private:
  void inform(const std::string& text) const {
    if (!is_quiet_) say(text);
  }

  bool is_quiet_, rings_;
  bool is_revoked_ = false;
  bool has_waited_ = false;
};

Failure refused_by_controller(const Error& error) {
  const auto text = slurm_text(error);
  if (text) say_error(error.message);
  return fail(error.code, "Job submit/allocate failed: " + text.value_or(error.message));
}

/// Runs the command; the words are those of the job.
Result<int> run_in(const SallocRequest& asked,
                   const std::vector<std::string>& argv,
                   SallocVoice& voice,
                   Alloc& alloc) {
  std::optional<Duration> limit;
  if (asked.immediate_s) limit = seconds(*asked.immediate_s);
  const auto signal = alloc.wait_for_nodes(limit);
  if (!signal) return refused_by_controller(signal.error());
  const wire::JobView& job = alloc.grant().job();
  if (*signal < 0) {
    say_error("Job submit/allocate failed: Requested nodes are busy");
    return own_status("SLURM_EXIT_IMMEDIATE");
  }
  if (*signal > 0 || alloc.grant().has_ended()) {
    say("Job allocation " + std::to_string(alloc.grant().job_id()) + " has been revoked.");
    return own_status("SLURM_EXIT_ERROR");
  }
  voice.granted(job);
  if (asked.has_no_shell) return 0;
  if (asked.end_signal) alloc.end_command_with(*asked.end_signal);
  platform::SpawnRequest request;
  request.program = argv.front();
  request.argv = argv;
  request.environment = allocation_environment(platform::current_environment(), job, "");
  request.directory = asked.directory;
  request.descriptors = {{0, 0}, {1, 1}, {2, 2}};
  const auto status = alloc.run_command(request);
  return status && voice.is_revoked() ? own_status("SLURM_EXIT_ERROR") : status;
}

Result<int> run(const Words& given) {
  auto asked = read_salloc(given);
  if (!asked) return Failure(asked.error());
  if (asked->has_no_shell && !given.operands.empty()) {
    return fail(Code::bad_usage,
                "--no-shell: runs no command, but " + given.operands.front() + " is given");
  }
  const std::vector<std::string> argv = command_of(given.operands);
  auto made = read_alloc_request(Parsed(alloc_command, asked->words), argv, "interactive");
  if (!made) return Failure(made.error());
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  auto session = open_session();
  if (!session) return Failure(session.error());
  if (const auto cluster = check_clusters(*session, asked->own); !cluster) {
    return Failure(cluster.error());
  }
  for (const std::string& note : asked->notes) say_note(note);
  SallocVoice voice(asked->own.has("quiet"), asked->own.has("bell"));
  auto grant = Grant::start(std::move(*session), std::move(made->request), voice);
  if (!grant) return refused_by_controller(reworded(grant.error(), made->wording));
  Alloc alloc(std::move(*grant), std::move(*signals), voice);
  return run_in(*asked, argv, voice, alloc);
}

}  // namespace
}  // namespace salloc_locals

const Tool salloc_tool{"salloc",       "[OPTIONS] [COMMAND [ARGS...]]",
                       salloc_options, Stop::at_operand,
                       nullptr,        salloc_locals::run};

}  // namespace cox::cmds::slurm
