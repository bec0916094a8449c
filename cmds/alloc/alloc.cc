// cox alloc: an allocation, and a command or the user's shell here, with the job around it.
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>

#include "cmds/alloc/grant.h"
#include "cmds/alloc/surroundings.h"
#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/json.h"
#include "cmds/client/request_options.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/wording.h"
#include "cmds/run/signals.h"
#include "platform/process.h"

namespace cox::cmds {
namespace {

constexpr int second_ms = 1'000;
constexpr int end_wait_ms = 10'000;  // for the job to have ended when this command has

/// Of a request without a script, without tasks of its own, and that is never queued again.
constexpr std::array meaningless = {"output",  "error",      "input", "export",
                                    "requeue", "no-requeue", "retry"};

OptionTable options() {
  static const std::vector<OptionSpec> table = [] {
    std::vector<OptionSpec> all =
        with_request_options({{"no-shell", 0, "", "run nothing, print the job's id"},
                              json_option,
                              cluster_option,
                              help_option});
    std::erase_if(all, [](const OptionSpec& spec) {
      return std::ranges::find(meaningless, std::string_view(spec.name)) != meaningless.end();
    });
    return all;
  }();
  return table;
}

struct Asked {
  wire::ClientRequest request;
  Wording wording;
};

Result<Asked> read_request(const Parsed& given, const std::vector<std::string>& argv) {
  RequestDraft draft;
  const Instant now = wall_now();
  for (const GivenOption& option : given.options()) {
    if (auto applied = apply_option(option, now, &draft); !applied) return Failure(applied.error());
  }
  if (auto completed = complete(&draft); !completed) return Failure(completed.error());
  if (auto collected = collect_surroundings(&draft.job); !collected) {
    return Failure(collected.error());
  }
  if (draft.job.name.empty()) {
    draft.job.name = given.operands().empty() ? "alloc" : default_job_name(argv.front());
  }
  JobCommon& common = draft.job.common.edit();
  common.kind = JobKind::interactive;
  common.ends_with_client = !given.has("no-shell");
  auto submit = make_submit(draft, "");
  if (!submit) return Failure(submit.error());
  submit->set_attach(true);
  Asked asked{{}, wording_of(draft)};
  *asked.request.mutable_submit() = std::move(*submit);
  return asked;
}

/// What is to run here: the command given, or the user's shell.
std::vector<std::string> command_of(const Parsed& given) {
  if (!given.operands().empty()) return given.operands();
  const char* shell = std::getenv("SHELL");
  return {shell == nullptr || *shell == '\0' ? "/bin/sh" : shell};
}

/// One `cox alloc` from the request to the exit status.
class Alloc {
 public:
  Alloc(Grant grant, Signals signals) : grant_(std::move(grant)), signals_(std::move(signals)) {}

  /// Until the job has begun, has ended, or a signal came: that one, else 0.
  Result<int> wait_for_nodes() {
    while (true) {
      if (auto taken = grant_.take_answers(); !taken) return Failure(taken.error());
      if (grant_.has_begun() || grant_.has_ended()) return 0;
      std::array<pollfd, 2> ready = {pollfd{grant_.descriptor(), POLLIN, 0},
                                     pollfd{signals_.descriptor(), POLLIN, 0}};
      ::poll(ready.data(), ready.size(), -1);
      if (const auto signal = signals_.take()) {
        if (auto ended = grant_.end_job(); !ended) return Failure(ended.error());
        return *signal;
      }
    }
  }

  const Grant& grant() const { return grant_; }

  /// Runs `argv` here until it ends; then the job is given back.
  Result<int> run_command(const platform::SpawnRequest& request) {
    auto spawned = platform::spawn(request);
    if (!spawned) {
      give_back();
      return not_started(spawned.error());
    }
    command_ = spawned->pid;
    while (!serve(spawned->pidfd.get())) {
    }
    const auto ended = platform::wait_for(command_);
    take_terminal_back();
    if (!ended) return Failure(ended.error());
    if (grant_.has_ended()) return own_failure_status;
    give_back();
    return platform::exit_code_of(*ended);
  }

 private:
  /// True when the command has ended.
  bool serve(int command_end) {
    std::array<pollfd, 3> ready = {pollfd{command_end, POLLIN, 0},
                                   pollfd{signals_.descriptor(), POLLIN, 0},
                                   pollfd{is_told_ ? -1 : grant_.descriptor(), POLLIN, 0}};
    ::poll(ready.data(), ready.size(), grant_.is_connected() ? -1 : second_ms);
    while (const auto signal = signals_.take()) {
      // Ctrl-C and its kin came from the terminal, to the command as well.
      if (*signal == SIGTERM || *signal == SIGHUP) ::kill(command_, *signal);
    }
    if (ready[0].revents != 0) return true;
    grant_.reconnect();
    if (const auto taken = grant_.take_answers(); !taken && !is_told_) {
      print_error(taken.error().message);
      is_told_ = true;
    }
    if (grant_.has_ended()) tell_end();
    return false;
  }

  void tell_end() {
    if (std::exchange(is_told_, true)) return;
    print_error("the allocation is gone: " + job_end_text(grant_.job()));
    ::kill(command_, SIGHUP);
    ::kill(command_, SIGCONT);  // one that is stopped has to hear of it
  }

  /// A shell that was killed leaves the terminal to its own process group.
  void take_terminal_back() {
    if (::isatty(STDIN_FILENO) != 1 || ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) return;
    ::signal(SIGTTOU, SIG_IGN);
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    ::signal(SIGTTOU, SIG_DFL);
  }

  /// And waits a little, so that the job has ended when this command has.
  void give_back() {
    if (const auto ended = grant_.end_job(); !ended) {
      print_error("job " + std::to_string(grant_.job_id()) + " could not be given back: " +
                  ended.error().message + " (it ends a minute after the controller is back)");
      return;
    }
    while (!grant_.has_ended()) {
      grant_.reconnect();
      if (!grant_.take_answers() || grant_.has_ended() || !grant_.is_connected()) return;
      std::array<pollfd, 2> ready = {pollfd{grant_.descriptor(), POLLIN, 0},
                                     pollfd{signals_.descriptor(), POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), end_wait_ms) == 0 || signals_.take()) return;
    }
  }

  static Result<int> not_started(const Error& error) {
    print_error(error.message);
    return error.code == Code::not_found ? command_not_found_status : cannot_execute_status;
  }

  Grant grant_;
  Signals signals_;
  pid_t command_ = 0;
  bool is_told_ = false;  // that the job has ended, or can be heard of no more
};

Result<int> print_grant(const Parsed& given, const wire::JobView& job) {
  std::string text = std::to_string(job.job()) + "\n";
  if (given.has("json")) {
    JsonWriter json;
    json.number("job", std::uint64_t{job.job()});
    json.text("nodes", job.node_list());
    text = json.take();
  }
  if (const auto printed = print(text); !printed) return Failure(printed.error());
  return 0;
}

Result<int> run_in(const Parsed& given, const std::vector<std::string>& argv, Alloc& alloc) {
  const auto interrupted = alloc.wait_for_nodes();
  if (!interrupted) return Failure(interrupted.error());
  if (*interrupted != 0) return 128 + *interrupted;
  const wire::JobView& job = alloc.grant().job();
  if (alloc.grant().has_ended()) {
    print_error(job_end_text(job));
    return own_failure_status;
  }
  if (given.has("no-shell")) return print_grant(given, job);
  print_error("job " + std::to_string(job.job()) + " has " + job.node_list());
  platform::SpawnRequest request;
  request.program = argv.front();
  request.argv = argv;
  request.environment =
      allocation_environment(platform::current_environment(), job, given.value("cluster"));
  request.directory = given.value("chdir");
  request.descriptors = {{0, 0}, {1, 1}, {2, 2}};
  return alloc.run_command(request);
}

Result<int> run(const Parsed& given) {
  if (given.has("no-shell") && !given.operands().empty()) {
    return usage_error(given.command(), "--no-shell: runs no command, but " +
                                            given.operands().front() + " is given");
  }
  if (given.has("json") && !given.has("no-shell")) {
    return usage_error(given.command(), "--json: only with --no-shell");
  }
  const std::vector<std::string> argv = command_of(given);
  auto asked = read_request(given, argv);
  if (!asked) return Failure(asked.error());
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  auto grant = Grant::start(std::move(*session), std::move(asked->request));
  if (!grant) return Failure(reworded(grant.error(), asked->wording));
  Alloc alloc(std::move(*grant), std::move(*signals));
  const auto status = run_in(given, argv, alloc);
  if (!status) return Failure(reworded(status.error(), asked->wording));
  return status;
}

}  // namespace

const Command alloc_command{
    "alloc", "[OPTIONS] [COMMAND [ARGS]]", "an allocation, and a command or a shell in it, here",
    options, Operands::end_options,        own_failure_status,
    run};

}  // namespace cox::cmds
