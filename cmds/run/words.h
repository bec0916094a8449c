// The words of `cox run`, and of `cox attach`.
#pragma once

#include <string>
#include <vector>

#include "cmds/run/voice.h"
#include "model/time.h"

namespace cox::cmds {

class RunWords : public RunVoice {
 public:
  RunWords(bool is_verbose, bool shows_binding)
      : is_verbose_(is_verbose), shows_binding_(shows_binding) {}

  void job_changed(const wire::JobView& job) override;
  void step_waits(const wire::StepTaken& step) override;

  void step_begins(const wire::StepReady& ready) override { ready_ = ready; }

  void told(const std::string& text) override;

  /// The step's end says it.
  void tasks_failed(const std::vector<wire::StepTasksFailed>& /*ends*/) override {}

  OnSignal on_signal(int signal, std::size_t ended_tasks) override;
  void others_end(Duration since_first) override;
  void step_ended(std::uint64_t job, const wire::StepResult& result) override;
  void error(const std::string& text) override;

 private:
  bool is_second_within_a_second();
  std::string status_text(std::size_t ended_tasks) const;

  bool is_verbose_, shows_binding_;
  int interrupts_ = 0;
  Instant asked_at_;
  std::string waiting_;
  wire::StepReady ready_;
};

}  // namespace cox::cmds
