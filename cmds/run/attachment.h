// The owner's end of a running step: standard input goes to the tasks, their output comes here,
// signals end them.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "cmds/run/labels.h"
#include "cmds/run/signals.h"
#include "cmds/run/voice.h"
#include "common/result.h"
#include "link/client_link.h"
#include "wire/client.pb.h"
#include "wire/step.pb.h"

namespace cox::cmds {

struct AttachOptions {
  bool label_output = false;
  bool forward_input = true;
  bool is_terminal = false;  // our terminal stands for the first task's
  bool is_owner = true;      // else we look on: the step goes on without us
  bool read_only = false;    // of who looks on: nothing is typed
  bool has_files = false;    // what the tasks write goes there: nothing of it comes here
  // Of these streams only what one task writes is printed.
  std::optional<std::uint32_t> output_of{}, error_of{};
};

class Attachment {
 public:
  /// Connects to the step's root supervisor.
  static Result<Attachment> open(const wire::StepReady& ready,
                                 AttachOptions options,
                                 RunVoice& voice);

  /// Descriptors to wait on, beside others of the caller, until something can be done.
  struct Wants {
    int link = -1;
    bool link_writable = false;
    int input = -1;
  };

  Wants wants() const;
  /// Takes what has arrived and prints it. error: unreachable when the supervisor is gone
  Result<void> take_output();
  /// Reads a piece of standard input, to be sent when the link can take it.
  void read_input();
  Result<void> send_input();
  Result<void> signal_tasks(int signal);
  /// Once: the tasks get TERM, and KILL when they take too long. Twice: KILL now.
  Result<void> end_step();
  /// Of our terminal, to that of the first task.
  Result<void> send_size();

  /// Tasks whose output has ended, as far as it came here.
  std::size_t ended_tasks() const { return ended_outputs_.size(); }

  /// A task has failed, or its output has ended.
  bool has_ended_task() const { return has_failed_task_ || !ended_outputs_.empty(); }

  /// The key that leaves a step was pressed.
  bool wants_to_leave() const { return wants_to_leave_; }

  /// The step's result, once it has ended.
  const std::optional<wire::StepResult>& result() const { return result_; }

  /// A stream of ours took no more, a full disk for instance; it has been said.
  bool has_lost_output() const { return has_lost_output_; }

 private:
  Attachment(link::ClientLink link, AttachOptions options, std::uint32_t tasks, RunVoice& voice);
  Result<void> take(const wire::StepMessage& message);
  void take_failure(const wire::StepTasksFailed& failed);
  void tell_failures();
  void print_output(const wire::Output& output);
  bool is_wanted(const wire::Output& output) const;
  Result<void> send(const wire::StepMessage& message);

  std::optional<link::ClientLink>
      link_;  // until the result is here: the supervisor waits for its end
  AttachOptions options_;
  LineLabels labels_;
  RunVoice* voice_;
  std::vector<wire::StepTasksFailed> failures_;  // that have not been told
  std::string pending_input_;
  bool has_input_ = false;  // something of it, perhaps its end, is to be sent
  bool input_ended_ = false;
  bool has_lost_output_ = false;
  bool wants_to_leave_ = false;
  bool has_failed_task_ = false;
  std::set<std::uint32_t> ended_outputs_;
  std::optional<wire::StepResult> result_;
};

}  // namespace cox::cmds
