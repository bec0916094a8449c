// See allocation.h.
#include "cmds/alloc/allocation.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "cmds/client/job_end.h"
#include "cmds/client/request_options.h"
#include "cmds/client/submission.h"

namespace cox::cmds {
namespace {

constexpr int second_ms = 1'000;
constexpr int end_wait_ms = 10'000;  // for the job to have ended when this command has

}  // namespace

Result<AllocRequest> read_alloc_request(const Parsed& given,
                                        const std::vector<std::string>& argv,
                                        const std::string& default_name) {
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
    draft.job.name = given.operands().empty() ? default_name : default_job_name(argv.front());
  }
  JobCommon& common = draft.job.common.edit();
  common.kind = JobKind::interactive;
  common.ends_with_client = !given.has("no-shell");
  auto submit = make_submit(draft, "");
  if (!submit) return Failure(submit.error());
  submit->set_attach(true);
  AllocRequest asked{{}, wording_of(draft)};
  *asked.request.mutable_submit() = std::move(*submit);
  return asked;
}

std::vector<std::string> command_of(const std::vector<std::string>& operands) {
  if (!operands.empty()) return operands;
  const char* shell = std::getenv("SHELL");
  return {shell == nullptr || *shell == '\0' ? "/bin/sh" : shell};
}

Result<int> Alloc::wait_for_nodes(std::optional<Duration> limit) {
  const auto since = std::chrono::steady_clock::now();
  while (true) {
    if (auto taken = grant_.take_answers(); !taken) return Failure(taken.error());
    if (grant_.has_begun() || grant_.has_ended()) return 0;
    std::array<pollfd, 2> ready = {pollfd{grant_.descriptor(), POLLIN, 0},
                                   pollfd{signals_.descriptor(), POLLIN, 0}};
    int left_ms = -1;
    if (limit) {
      const auto waited = std::chrono::steady_clock::now() - since;
      const auto left = std::chrono::microseconds(limit->us) - waited;
      left_ms = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count());
      if (left_ms <= 0) {
        if (auto ended = grant_.end_job(); !ended) return Failure(ended.error());
        return -1;
      }
    }
    ::poll(ready.data(), ready.size(), left_ms);
    if (const auto signal = signals_.take()) {
      if (auto ended = grant_.end_job(); !ended) return Failure(ended.error());
      return *signal;
    }
  }
}

Result<int> Alloc::run_command(const platform::SpawnRequest& request) {
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

/// True when the command has ended.
bool Alloc::serve(int command_end) {
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
    voice_.error(taken.error().message);
    is_told_ = true;
  }
  if (grant_.has_ended()) tell_end();
  return false;
}

void Alloc::tell_end() {
  if (std::exchange(is_told_, true)) return;
  voice_.revoked(grant_.job());
  ::kill(command_, end_signal_);
  ::kill(command_, SIGCONT);  // one that is stopped has to hear of it
}

/// A shell that was killed leaves the terminal to its own process group.
void Alloc::take_terminal_back() {
  if (::isatty(STDIN_FILENO) != 1 || ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()) return;
  ::signal(SIGTTOU, SIG_IGN);
  ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
  ::signal(SIGTTOU, SIG_DFL);
}

/// And waits a little, so that the job has ended when this command has.
void Alloc::give_back() {
  voice_.gives_back(grant_.job());
  if (const auto ended = grant_.end_job(); !ended) {
    voice_.error("job " + std::to_string(grant_.job_id()) + " could not be given back: " +
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

Result<int> Alloc::not_started(const Error& error) {
  voice_.error(error.message);
  return error.code == Code::not_found ? command_not_found_status : cannot_execute_status;
}

}  // namespace cox::cmds
