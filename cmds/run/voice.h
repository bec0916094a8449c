// What a run tells on standard error while it goes on: the words of `cox run`, or of Slurm's srun.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/time.h"
#include "wire/client.pb.h"
#include "wire/step.pb.h"

namespace cox::cmds {

/// What a signal to this command does once tasks run.
enum class OnSignal { nothing, pass_on, end_step };

class RunVoice {
 public:
  virtual ~RunVoice() = default;

  /// The job as last heard of, before its step runs.
  virtual void job_changed(const wire::JobView& job) = 0;
  /// A step of a job waits for other steps; told after some seconds.
  virtual void step_waits(const wire::StepTaken& step) = 0;
  /// Its tasks are about to run.
  virtual void step_begins(const wire::StepReady& ready) = 0;
  /// What the step tells of itself.
  virtual void told(const std::string& text) = 0;
  /// Tasks that failed, one message for each node and kind of end.
  virtual void tasks_failed(const std::vector<wire::StepTasksFailed>& ends) = 0;
  virtual OnSignal on_signal(int signal, std::size_t ended_tasks) = 0;
  /// The other tasks are ended, since the first has been over for that long.
  virtual void others_end(Duration since_first) = 0;
  virtual void step_ended(std::uint64_t job, const wire::StepResult& result) = 0;
  /// Anything else that went wrong.
  virtual void error(const std::string& text) = 0;
};

}  // namespace cox::cmds
