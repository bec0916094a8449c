// An allocation with a command in it, from the request to the exit status: `cox alloc`, and Slurm's
// salloc with other words.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "cmds/alloc/grant.h"
#include "cmds/alloc/voice.h"
#include "cmds/client/parse.h"
#include "cmds/client/wording.h"
#include "cmds/run/signals.h"
#include "platform/process.h"

namespace cox::cmds {

OptionTable alloc_options();

struct AllocRequest {
  wire::ClientRequest request;
  Wording wording;
};

/// `argv`: what is to run here; a job without a name is named after it, or `default_name`.
/// error: bad_usage names the option at fault
Result<AllocRequest> read_alloc_request(const Parsed& given,
                                        const std::vector<std::string>& argv,
                                        const std::string& default_name);
/// What is to run here: the command given, or the user's shell.
std::vector<std::string> command_of(const std::vector<std::string>& operands);

class Alloc {
 public:
  Alloc(Grant grant, Signals signals, AllocVoice& voice)
      : grant_(std::move(grant)), signals_(std::move(signals)), voice_(voice) {}

  /// Until the job has begun, has ended, or a signal came: that one, else 0. With a limit also
  /// until that has passed: -1, and the job is cancelled.
  Result<int> wait_for_nodes(std::optional<Duration> limit = {});

  const Grant& grant() const { return grant_; }

  /// What the command gets when the job ends before it.
  void end_command_with(int signal) { end_signal_ = signal; }

  /// Runs `request` here until it ends; then the job is given back.
  Result<int> run_command(const platform::SpawnRequest& request);

 private:
  bool serve(int command_end);
  void tell_end();
  void take_terminal_back();
  void give_back();
  Result<int> not_started(const Error& error);

  Grant grant_;
  Signals signals_;
  AllocVoice& voice_;
  pid_t command_ = 0;
  int end_signal_ = SIGHUP;
  bool is_told_ = false;  // that the job has ended, or can be heard of no more
};

}  // namespace cox::cmds
