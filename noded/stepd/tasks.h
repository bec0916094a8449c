// The processes of a step on this node: started, reaped with what the kernel counted, signalled,
// and at the end none left.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "noded/stepd/launch.h"
#include "noded/stepd/outcome.h"
#include "noded/stepd/plan.h"
#include "platform/container.h"
#include "platform/descriptor.h"
#include "platform/loop.h"

namespace cox::stepd {

/// We are the subreaper of everything that the tasks start: when we have no child, no process of
/// the step is left, however it detached itself. That makes the usual end cheap: no container has
/// to be searched.
class Tasks {
 public:
  struct Events {
    std::function<void(const TaskEnd&)> task_ended;
    /// A program could not be executed; task_ended follows with 126 or 127.
    std::function<void(const std::string&)> launch_failed;
    /// Every program runs, or could not be executed. Once.
    std::function<void()> all_executed = [] {};
    /// All tasks ended, and whatever they left behind was killed. Once.
    std::function<void()> all_gone;
  };

  /// `containment` may be null: process groups.
  Tasks(platform::Loop& loop,
        const StepPlan& plan,
        platform::Containment* containment,
        Events events);
  ~Tasks();
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  /// Forks all. On an error those started already are being killed and all_gone comes.
  Result<void> start(std::vector<TaskLaunch> launches, bool is_threaded);
  /// To each task's process group.
  void signal(int signal);
  /// To the tasks' first processes, not to what these started.
  void signal_alone(int signal);
  /// To every process of the step, once each.
  void signal_everything(int signal);
  /// TERM and CONT to every process of the step; from now on ends count as ended by us.
  void terminate();
  /// KILL to every process of the step, until none is left.
  void kill();

  bool has_started() const { return has_started_; }

  /// Every program runs, or could not be executed.
  bool has_executed() const { return has_started_ && !report_.is_open(); }

  /// Live tasks' first processes, to their rank.
  const std::map<pid_t, std::uint32_t>& live() const { return tasks_; }

  std::uint32_t running() const { return static_cast<std::uint32_t>(tasks_.size()); }

  /// Of everything reaped so far.
  const Usage& usage() const { return usage_; }

 private:
  void reap();
  void record(pid_t pid, int status, const Usage& usage);
  void read_reports();
  void keep_killing();
  std::vector<pid_t> processes() const;

  platform::Loop& loop_;
  const StepPlan& plan_;
  platform::Containment* containment_;
  Events events_;
  std::map<pid_t, std::uint32_t> tasks_;  // live ones, to their rank
  std::string program_;
  platform::Descriptor report_;
  Usage usage_;
  bool has_started_ = false;
  bool ending_ = false;
  bool killing_ = false;
  bool gone_ = false;
  platform::TimerId kill_timer_ = 0;
  std::int64_t kill_pause_us_ = 0;
};

}  // namespace cox::stepd
