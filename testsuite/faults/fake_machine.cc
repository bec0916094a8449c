// What the agent's effects do to a simulated machine, and what can go wrong on the way.
#include "noded/translate.h"
#include "testsuite/faults/fake_node.h"

namespace cox::faults {
namespace {

bool belongs(const StepKey& step, AttemptKey attempt) {
  return step.job == attempt.job && step.attempt == attempt.attempt;
}

}  // namespace

void FakeNode::act(const agent::MakeContainer& effect) {
  timeline_.after(microseconds(rng_.between(50, 2000)),
                  [this, life = std::weak_ptr(daemon_), effect] {
                    if (life.lock() == nullptr) {
                      return;
                    }
                    agent::ContainerMade made{.attempt = effect.attempt, .failure = {}};
                    if (rng_.chance(faults.container_fails, 1000)) {
                      made.failure = "cgroup: no space left on device";
                    } else {
                      containers_.insert(effect.attempt);
                    }
                    tell(made);
                  });
}

void FakeNode::act(const agent::SpawnSupervisor& effect) {
  const auto known = daemon_->known[{effect.step.job, effect.step.attempt}];
  timeline_.after(microseconds(rng_.between(300, 5000)), [this, life = std::weak_ptr(daemon_),
                                                          effect, known] {
    if (life.lock() == nullptr) {
      return;
    }
    if (rng_.chance(faults.spawn_fails, 1000)) {
      tell(agent::SupervisorGone{effect.step, "coxstepd: cannot allocate memory"});
      return;
    }
    // One that died before its step was released may be followed by another.
    const auto earlier = supervisors_.find(effect.step);
    if (earlier != supervisors_.end() && (earlier->second.alive || earlier->second.tasks_alive)) {
      watch_.complain("a second supervisor of job " + std::to_string(effect.step.job.value) +
                      " on " + name_);
      return;
    }
    auto& supervisor = supervisors_[effect.step] = Supervisor{};
    supervisor.phase = agent::StepPhase::prepared;
    supervisor.run_us = known.run_us;
    supervisor.exit_code = known.exit_code;
    if (rng_.chance(faults.step_unprepared, 1000)) {
      supervisor.failure = "open /no/such/file: permission denied";
      supervisor.phase = agent::StepPhase::ended;
      supervisor.result.cause = EndCause::launch_failed;
    }
    tell_status(effect.step);
    if (effect.go_at_once && !supervisor.failure) {
      run_tasks(effect.step);
    }
  });
}

void FakeNode::act(const agent::TellGo& effect) {
  const auto found = supervisors_.find(effect.step);
  if (found != supervisors_.end() && found->second.alive &&
      found->second.phase == agent::StepPhase::prepared) {
    run_tasks(effect.step);
  }
}

void FakeNode::run_tasks(const StepKey& step) {
  auto& supervisor = supervisors_[step];
  supervisor.phase = agent::StepPhase::running;
  supervisor.tasks_alive = true;
  watch_.tasks_started({step, name_});
  tell_status(step);
  timeline_.after(microseconds(static_cast<std::int64_t>(supervisor.run_us)),
                  [this, step, life = machine_life_, code = supervisor.exit_code] {
                    if (life == machine_life_) {
                      end_tasks(step, EndCause::finished, code, 0);
                    }
                  });
}

void FakeNode::end_tasks(const StepKey& step, EndCause cause, int exit_code, int signal) {
  const auto found = supervisors_.find(step);
  if (found == supervisors_.end() || !found->second.tasks_alive) {
    return;
  }
  auto& supervisor = found->second;
  supervisor.tasks_alive = false;
  watch_.tasks_ended({step, name_});
  supervisor.phase = agent::StepPhase::ended;
  supervisor.result.cause = supervisor.cause != EndCause::none ? supervisor.cause : cause;
  supervisor.result.exit_code = exit_code;
  supervisor.result.signal = signal;
  if (supervisor.alive) {
    tell_status(step);
  }
}

void FakeNode::act(const agent::TellEnd& effect) {
  const auto found = supervisors_.find(effect.step);
  if (found == supervisors_.end() || !found->second.alive) {
    return;
  }
  auto& supervisor = found->second;
  if (supervisor.phase == agent::StepPhase::ended) {
    tell_status(effect.step);
    return;
  }
  if (supervisor.cause == EndCause::none) {
    supervisor.cause = effect.cause;
  }
  if (supervisor.phase == agent::StepPhase::prepared) {
    supervisor.phase = agent::StepPhase::ended;
    supervisor.result.cause = effect.cause;
    tell_status(effect.step);
    return;
  }
  const bool stubborn = rng_.chance(faults.ignores_term, 1000);
  const Duration delay = stubborn ? daemon_->state.kill_wait : milliseconds(rng_.between(1, 50));
  timeline_.after(delay, [this, step = effect.step, life = machine_life_, stubborn] {
    const auto again = supervisors_.find(step);
    if (life == machine_life_ && again != supervisors_.end() && again->second.alive) {
      end_tasks(step, EndCause::cancelled, 0, stubborn ? 9 : 15);
    }
  });
}

void FakeNode::act(const agent::TellForget& effect) {
  const auto found = supervisors_.find(effect.step);
  if (found == supervisors_.end() || !found->second.alive) {
    return;
  }
  found->second.alive = false;
  tell_later(milliseconds(1), agent::SupervisorGone{effect.step, "exited"});
}

void FakeNode::kill_tasks(const StepKey& step) {
  timeline_.after(microseconds(rng_.between(20, 500)), [this, step, life = machine_life_] {
    if (life == machine_life_) {
      end_tasks(step, EndCause::cancelled, 0, 9);
    }
  });
}

void FakeNode::act(const agent::KillStep& effect) {
  kill_tasks(effect.step);
}

void FakeNode::act(const agent::KillAttempt& effect) {
  for (const auto& [step, supervisor] : supervisors_) {
    if (belongs(step, effect.attempt) && supervisor.tasks_alive) {
      kill_tasks(step);
    }
  }
}

void FakeNode::act(const agent::KillSupervisor& effect) {
  const auto found = supervisors_.find(effect.step);
  if (found != supervisors_.end() && found->second.alive) {
    found->second.alive = false;
    tell_later(milliseconds(1), agent::SupervisorGone{effect.step, "killed"});
  }
}

void FakeNode::act(const agent::RemoveContainer& effect) {
  timeline_.after(microseconds(rng_.between(50, 2000)),
                  [this, life = std::weak_ptr(daemon_), effect] {
                    if (life.lock() == nullptr) {
                      return;
                    }
                    if (rng_.chance(faults.removal_busy, 1000)) {
                      tell(agent::ContainerBusy{effect.attempt, 1});
                      return;
                    }
                    for (auto& [step, supervisor] : supervisors_) {
                      if (belongs(step, effect.attempt)) {
                        end_tasks(step, EndCause::cancelled, 0, 9);
                      }
                    }
                    containers_.erase(effect.attempt);
                    tell(agent::ContainerRemoved{.attempt = effect.attempt, .usage = {}});
                  });
}

void FakeNode::act(const agent::Remember& effect) {
  auto known = daemon_->known[effect.attempt];
  known.released = effect.released;
  files_[effect.attempt] = known;
}

void FakeNode::act(const agent::Forget& effect) {
  files_.erase(effect.attempt);
}

void FakeNode::tell_status(const StepKey& step) {
  const auto& supervisor = supervisors_[step];
  tell_later(microseconds(rng_.between(20, 300)),
             agent::SupervisorStatus{.step = step,
                                     .phase = supervisor.phase,
                                     .endpoint = "/run/" + name_ + "/" + step_name(step.step),
                                     .failure = supervisor.failure,
                                     .result = supervisor.result});
}

void FakeNode::act(const agent::ReportPrepared& effect) {
  report(noded::report_bytes(effect));
}

void FakeNode::act(const agent::ReportStepPrepared& effect) {
  report(noded::report_bytes(effect));
}

void FakeNode::act(const agent::ReportStepEnded& effect) {
  report(noded::report_bytes(effect));
}

void FakeNode::act(const agent::ReportClosed& effect) {
  report(noded::report_bytes(effect));
}

}  // namespace cox::faults
