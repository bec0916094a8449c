// One run from its request to its exit status: `cox run`, and Slurm's srun with other words.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "cmds/run/attachment.h"
#include "cmds/run/conversation.h"
#include "cmds/run/raw_terminal.h"
#include "cmds/run/voice.h"
#include "common/result.h"
#include "model/time.h"

namespace cox::cmds {

class Run {
 public:
  Run(Conversation conversation, Signals signals, AttachOptions options, RunVoice& voice)
      : conversation_(std::move(conversation)),
        signals_(std::move(signals)),
        options_(options),
        voice_(voice) {}

  /// What became of it, for programs; `status`: what to_end() returned.
  std::string document(int status) const;
  /// Until it has ended. error: refused by the controller, or unreachable
  Result<int> to_end();

  /// What has not begun after so long is cancelled.
  void give_up_after(Duration wait);

  bool has_given_up() const { return has_given_up_; }

  /// Tasks that still run so long after the first of them is over are ended.
  void end_after_first(Duration wait) { wait_after_first_ = wait; }

  /// Whether its tasks were about to run, or ran.
  bool has_step() const { return attachment_.has_value(); }

 private:
  int left_until_giving_up_ms() const;
  int left_for_others_ms() const;
  Result<void> end_others_in_time();
  Result<void> wait_for_start();
  Result<void> turn(int time_out_ms);
  Result<void> serve_signals();
  Result<void> lost(const Error& error);
  Result<int> finish();
  Result<int> status_of_job() const;
  Result<int> status_of_step(const wire::StepView& step) const;
  Result<int> report_step(const wire::StepResult& result) const;

  Conversation conversation_;
  Signals signals_;
  AttachOptions options_;
  RunVoice& voice_;
  std::optional<Attachment> attachment_;
  std::optional<RawTerminal> terminal_;
  std::optional<std::chrono::steady_clock::time_point> give_up_at_;
  bool has_given_up_ = false;
  std::optional<Duration> wait_after_first_;
  std::optional<std::chrono::steady_clock::time_point> others_end_at_;  // once the first is over
  bool has_ended_others_ = false;
  int interrupted_ = 0;
  bool is_lost_ = false;
  std::string lost_why_;
};

}  // namespace cox::cmds
