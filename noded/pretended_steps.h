// The batch steps of pretended jobs in the place of their supervisors: clocks and nothing else.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/ids.h"
#include "model/outcome.h"
#include "noded/agent/request.h"
#include "noded/paths.h"
#include "noded/plans.h"
#include "noded/pretended_job.h"
#include "platform/loop.h"

namespace cox::noded {

/// What is heard of steps, as of supervisors; from within calls, too.
struct PretendedEvents {
  std::function<void(agent::SupervisorStatus)> status;
  std::function<void(agent::SupervisorGone)> gone;
};

class PretendedSteps {
 public:
  PretendedSteps(platform::Loop& loop, Paths paths, PretendedEvents events)
      : loop_(loop), paths_(std::move(paths)), events_(std::move(events)) {}

  PretendedSteps(const PretendedSteps&) = delete;
  PretendedSteps& operator=(const PretendedSteps&) = delete;
  ~PretendedSteps();

  /// As a supervisor that is started: it prepares, and goes at once where it is told so.
  void spawn(const StepKey& key, const AttemptPlan& plan, bool go_at_once, bool stands);
  void go(const StepKey& key);
  /// As TERM does, and KILL after `kill_wait`.
  void end(const StepKey& key, EndCause cause, Duration kill_wait);
  void signal(const StepKey& key, int signal);
  /// The job may run so long in all.
  void change_limit(AttemptKey attempt, Duration limit);
  /// Clocks stand still, or go on.
  void pause(AttemptKey attempt, bool stands);
  /// Whatever runs is killed.
  void kill(const StepKey& key);
  void kill_attempt(AttemptKey attempt);
  /// Its result was taken: it is gone.
  void forget(const StepKey& key);
  /// Nothing is kept of the attempt any more.
  void drop(AttemptKey attempt);
  /// It is gone, as by SIGKILL to a supervisor.
  void lose(const StepKey& key, const std::string& why);

 private:
  struct One {
    PretendedJob job;
    agent::StepPhase phase = agent::StepPhase::preparing;
    Duration left;                        // of its own time
    Duration limit = duration_unlimited;  // of what is left to it by the job's limit
    Duration ran;                         // since its go, without what it stood still
    Duration ran_before;                  // of the job, before that
    std::optional<Duration> since;        // its clock runs: by the monotonic clock
    bool stands = false;
    bool waits_for_kill = false;
    platform::TimerId timer = 0;
  };

  One* find(const StepKey& key);
  std::vector<StepKey> steps_of(AttemptKey attempt) const;
  void begin(const StepKey& key, One& one);
  void start_clock(const StepKey& key, One& one);
  void stop_clock(One& one);
  void time_is_over(const StepKey& key);
  void finish(const StepKey& key, EndCause cause, int exit_code, int signal, std::string detail);
  void tell(const StepKey& key, const One& one);

  platform::Loop& loop_;
  Paths paths_;
  PretendedEvents events_;
  std::map<StepKey, One> all_;
};

}  // namespace cox::noded
