// srun's words while it runs; they are what scripts and tools look for.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "cmds/run/voice.h"

namespace cox::cmds::slurm {

class SrunVoice : public RunVoice {
 public:
  struct Options {
    bool is_quiet = false;
    bool is_verbose = false;
    bool shows_binding = false;
    bool quits_on_interrupt = false;
  };

  explicit SrunVoice(Options options) : options_(options) {}

  void job_changed(const wire::JobView& job) override;
  void step_waits(const wire::StepTaken& step) override;
  void step_begins(const wire::StepReady& ready) override;
  void told(const std::string& text) override;
  void tasks_failed(const std::vector<wire::StepTasksFailed>& ends) override;
  OnSignal on_signal(int signal, std::size_t ended_tasks) override;
  void others_end(Duration since_first) override;
  void step_ended(std::uint64_t job, const wire::StepResult& result) override;
  void error(const std::string& text) override;

  /// The status that we exit with is no task's.
  bool has_failed_itself() const { return has_failed_itself_; }

 private:
  void inform(const std::string& text) const;
  void tell_killed(const char* what);
  void tell_cancelled(const char* why) const;

  Options options_;
  bool has_waited_ = false;
  bool step_waited_ = false;
  bool has_failed_itself_ = false;
  wire::StepReady ready_;
  std::vector<wire::StepTasksFailed> killed_;  // told when it is known whether for want of memory
  std::chrono::steady_clock::time_point interrupted_{};
  bool was_interrupted_ = false;
};

/// "tasks 0-3,5: Exited with exit code 3", "task 0: Killed".
std::string task_end_text(const wire::StepTasksFailed& ends);

}  // namespace cox::cmds::slurm
