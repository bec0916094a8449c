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
  daemon_->spawning.insert(effect.step);
  timeline_.after(microseconds(rng_.between(300, 5000)), [this, life = std::weak_ptr(daemon_),
                                                          effect, known,
                                                          machine_life = machine_life_] {
    if (life.lock() == nullptr) {
      return born_late(effect, known, machine_life);
    }
    daemon_->spawning.erase(effect.step);
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
    const bool goes_now = effect.go_at_once && !effect.stands;
    auto& supervisor = supervisors_[effect.step] = Supervisor{};
    supervisor.phase = agent::StepPhase::prepared;
    supervisor.run_us = known.run_us;
    supervisor.cores = known.cores;
    supervisor.exit_code = known.exit_code;
    if (const auto told = daemon_->told_end.extract(effect.step); !told.empty()) {
      supervisor.phase = agent::StepPhase::ended;
      supervisor.result.cause = told.mapped();
      return tell_status(effect.step);
    }
    supervisor.is_stubborn = rng_.chance(faults.ignores_term, 1000);
    if (rng_.chance(faults.supervisor_dies, 1000)) {
      // It may have come as far as its tasks.
      if (goes_now && rng_.chance(1, 2)) run_at_once(effect.step);
      supervisor.alive = false;
      tell_later(milliseconds(1), agent::SupervisorGone{effect.step, "killed by signal 9"});
      return;
    }
    if (rng_.chance(faults.step_unprepared, 1000)) {
      supervisor.failure = "open /no/such/file: permission denied";
      supervisor.phase = agent::StepPhase::ended;
      supervisor.result.cause = EndCause::launch_failed;
    }
    tell_status(effect.step);
    if (goes_now && !supervisor.failure) {
      run_at_once(effect.step);
    }
  });
}

bool FakeNode::set_mark(const StepKey& step, bool begun) {
  return marks_.emplace(step, begun).second;
}

/// What a supervisor does that was told to go at once.
void FakeNode::run_at_once(const StepKey& step) {
  if (set_mark(step, true)) run_tasks(step);
}

/// Its daemon died when all was on its way to the nursery. Of every other job, so that each seed
/// has both.
void FakeNode::born_late(const agent::SpawnSupervisor& effect,
                         const Known& known,
                         std::uint64_t machine_life) {
  const bool knows_all = effect.go_at_once && !effect.stands && effect.step.job.value % 2 == 0;
  const bool can_run = knows_all && machine_life == machine_life_ &&
                       containers_.count({effect.step.job, effect.step.attempt}) != 0;
  if (!can_run || !set_mark(effect.step, true)) return;
  auto& supervisor = supervisors_[effect.step] = Supervisor{};
  supervisor.run_us = known.run_us;
  supervisor.cores = known.cores;
  supervisor.exit_code = known.exit_code;
  run_tasks(effect.step);
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
  const bool stands = standing_.contains({step.job, step.attempt});
  watch_.tasks_started({step, machine_}, supervisor.cores, stands);
  if (rng_.chance(faults.task_stuck, 1000)) {
    supervisor.stuck_until = timeline_.now() + seconds(rng_.between(5, 60));
  }
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
  if (standing_.contains({step.job, step.attempt})) {
    timeline_.after(milliseconds(100),
                    [this, step, cause, exit_code, signal, life = machine_life_] {
                      if (life == machine_life_) end_tasks(step, cause, exit_code, signal);
                    });
    return;
  }
  if (timeline_.now() < supervisor.stuck_until) {
    timeline_.after(supervisor.stuck_until - timeline_.now(),
                    [this, step, cause, exit_code, signal, life = machine_life_] {
                      if (life == machine_life_) end_tasks(step, cause, exit_code, signal);
                    });
    return;
  }
  supervisor.tasks_alive = false;
  watch_.tasks_ended({step, machine_});
  supervisor.phase = agent::StepPhase::ended;
  supervisor.result.cause = supervisor.cause != EndCause::none ? supervisor.cause : cause;
  supervisor.result.exit_code = exit_code;
  supervisor.result.signal = signal;
  if (supervisor.alive) {
    tell_status(step);
  }
}

void FakeNode::act(const agent::TellEnd& effect) {
  if (daemon_->spawning.count(effect.step) != 0) {
    daemon_->told_end[effect.step] = effect.cause;
    return;
  }
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
  // TERM, then KILL after kill_wait; a second word of the same daemon means KILL at once.
  if (supervisor.ended_by == daemon_->number) expect_kill_wait(effect.step);
  const bool is_first = !supervisor.term_at.is_set();
  const bool is_repeated = supervisor.ended_by == daemon_->number;
  supervisor.ended_by = daemon_->number;
  watch_.tasks_shall_end({effect.step, machine_});
  if (!is_first && !is_repeated) return;
  if (is_first) supervisor.term_at = timeline_.now();
  const bool waits = supervisor.is_stubborn && is_first;
  const Duration delay = waits ? daemon_->state.kill_wait : milliseconds(rng_.between(1, 50));
  timeline_.after(delay, [this, step = effect.step, life = machine_life_] {
    const auto again = supervisors_.find(step);
    if (life == machine_life_ && again != supervisors_.end() && again->second.alive) {
      end_tasks(step, EndCause::cancelled, 0, again->second.is_stubborn ? 9 : 15);
    }
  });
}

/// Nobody kills past a supervisor that does its work: TERM first, and time for what it begins.
void FakeNode::expect_kill_wait(const StepKey& step) {
  const auto found = supervisors_.find(step);
  if (found == supervisors_.end() || !found->second.alive || !found->second.tasks_alive) return;
  const Instant term_at = found->second.term_at;
  const Duration wait = daemon_->state.kill_wait;
  if (!term_at.is_set() || timeline_.now() < term_at + wait - milliseconds(10)) {
    watch_.complain("tasks of job " + std::to_string(step.job.value) + " on " + name_ +
                    " were killed before kill_wait was over");
  }
}

/// A frozen task ends by nothing but its machine's, until it goes on.
void FakeNode::act(const agent::PauseAttempt& effect) {
  if (effect.stands) {
    standing_.insert(effect.attempt);
  } else {
    standing_.erase(effect.attempt);
  }
  const auto* attempt = daemon_->state.find(effect.attempt);
  const bool shall_end = attempt == nullptr || attempt->is_closing();
  for (const auto& [step, supervisor] : supervisors_) {
    if (!belongs(step, effect.attempt) || !supervisor.tasks_alive) continue;
    if (shall_end) watch_.tasks_shall_end({step, machine_});
    watch_.tasks_stand({step, machine_}, effect.stands);
  }
}

/// Simulated runs have no limit of their own: the controller's second line ends them.
void FakeNode::act(const agent::TellLimit&) {}

void FakeNode::act(const agent::TellForget& effect) {
  const auto found = supervisors_.find(effect.step);
  if (found == supervisors_.end() || !found->second.alive) {
    return;
  }
  found->second.alive = false;
  tell_later(milliseconds(1), agent::SupervisorGone{effect.step, "exited"});
}

void FakeNode::kill_tasks(const StepKey& step) {
  watch_.tasks_shall_end({step, machine_});
  timeline_.after(microseconds(rng_.between(20, 500)), [this, step, life = machine_life_] {
    if (life == machine_life_) {
      end_tasks(step, EndCause::cancelled, 0, 9);
    }
  });
}

void FakeNode::act(const agent::KillStep& effect) {
  expect_kill_wait(effect.step);
  kill_tasks(effect.step);
}

void FakeNode::act(const agent::KillAttempt& effect) {
  standing_.erase(effect.attempt);  // as Containment::kill_all() does
  for (const auto& [step, supervisor] : supervisors_) {
    if (belongs(step, effect.attempt) && supervisor.tasks_alive) {
      expect_kill_wait(step);
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
                    if (is_stuck(effect.attempt) || rng_.chance(faults.removal_busy, 1000)) {
                      tell(agent::ContainerBusy{effect.attempt, 1});
                      return;
                    }
                    for (auto& [step, supervisor] : supervisors_) {
                      if (belongs(step, effect.attempt)) {
                        end_tasks(step, EndCause::cancelled, 0, 9);
                      }
                    }
                    containers_.erase(effect.attempt);
                    standing_.erase(effect.attempt);
                    tell(agent::ContainerRemoved{.attempt = effect.attempt, .usage = {}});
                  });
}

bool FakeNode::is_stuck(AttemptKey attempt) const {
  for (const auto& [step, supervisor] : supervisors_) {
    if (belongs(step, attempt) && supervisor.tasks_alive &&
        timeline_.now() < supervisor.stuck_until) {
      return true;
    }
  }
  return false;
}

void FakeNode::act(const agent::Remember& effect) {
  const auto& known = daemon_->known.at(effect.attempt);
  files_[effect.attempt] = noded::attempt_file_text(known.plan, effect.released);
}

void FakeNode::act(const agent::RememberEnded& effect) {
  files_[effect.attempt] = noded::ended_attempt_text();
}

void FakeNode::act(const agent::Forget& effect) {
  files_.erase(effect.attempt);
  // What was given up stays so.
  std::erase_if(
      marks_, [&](const auto& mark) { return mark.second && belongs(mark.first, effect.attempt); });
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

void FakeNode::act(const agent::ReportStuck& effect) {
  report(noded::report_bytes(effect));
}

}  // namespace cox::faults
