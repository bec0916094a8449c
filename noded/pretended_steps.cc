// See pretended_steps.h. A step ends by its own time or by the job's limit, whichever comes first.
#include "noded/pretended_steps.h"

#include <algorithm>
#include <csignal>
#include <utility>
#include <vector>

namespace cox::noded {
namespace {

AttemptKey attempt_of_pretended(const StepKey& key) {
  return {key.job, key.attempt};
}

std::map<std::string, std::string> labels_of(const AttemptPlan& plan) {
  const auto& labels = plan.prepare.request().labels();
  return {labels.begin(), labels.end()};
}

}  // namespace

PretendedSteps::~PretendedSteps() {
  for (auto& [key, one] : all_) stop_clock(one);
}

PretendedSteps::One* PretendedSteps::find(const StepKey& key) {
  const auto found = all_.find(key);
  return found == all_.end() ? nullptr : &found->second;
}

std::vector<StepKey> PretendedSteps::steps_of(AttemptKey attempt) const {
  std::vector<StepKey> keys;
  for (auto it = all_.lower_bound(StepKey{attempt.job, attempt.attempt, StepId{0}});
       it != all_.end() && attempt_of_pretended(it->first) == attempt; ++it) {
    keys.push_back(it->first);
  }
  return keys;
}

void PretendedSteps::tell(const StepKey& key, const One& one) {
  agent::SupervisorStatus status;
  status.step = key;
  status.phase = one.phase;
  status.endpoint = paths_.step_socket(key);  // where nobody listens
  events_.status(std::move(status));
}

void PretendedSteps::spawn(const StepKey& key,
                           const AttemptPlan& plan,
                           bool go_at_once,
                           bool stands) {
  const wire::StepSpec& spec = *plan.spec(key.step);
  const auto job = pretended_job(labels_of(plan), paths_.name);
  agent::SupervisorStatus refusal;
  refusal.step = key;
  if (!job) {
    refusal.failure = job.error().message;
  } else if (!spec.is_batch()) {
    refusal.failure =
        "it is a pretended node, which runs no task (submit a batch job, or see: cox up without "
        "--pretend)";
  } else if (job->failure == PretendedFailure::prepare) {
    refusal.failure = "it was to fail to prepare, by its label";
  }
  One& one = all_[key];
  if (refusal.failure) return events_.status(std::move(refusal));
  one.job = *job;
  one.left = job->lasts;
  one.ran_before = Duration{spec.ran_us()};
  if (spec.time_left_us() > 0) one.limit = Duration{spec.time_left_us()};
  one.stands = stands;
  one.phase = agent::StepPhase::prepared;
  tell(key, one);
  if (go_at_once && !stands) go(key);
}

void PretendedSteps::go(const StepKey& key) {
  One* one = find(key);
  if (one == nullptr || one->phase != agent::StepPhase::prepared) return;
  if (one->job.failure == PretendedFailure::start) {
    return finish(key, EndCause::launch_failed, 0, 0, "it was to fail to start, by its label");
  }
  one->phase = agent::StepPhase::running;
  tell(key, *one);
  if (One* still = find(key); still != nullptr && !still->stands) start_clock(key, *still);
}

void PretendedSteps::start_clock(const StepKey& key, One& one) {
  if (one.phase != agent::StepPhase::running || one.since.has_value()) return;
  one.since = loop_.monotonic();
  const Duration wait = std::max(Duration{}, std::min(one.left, one.limit));
  if (wait >= duration_unlimited) return;
  one.timer = loop_.after(wait, [this, key] { time_is_over(key); });
}

void PretendedSteps::stop_clock(One& one) {
  if (one.timer != 0) loop_.cancel(one.timer);
  one.timer = 0;
  if (!one.since.has_value()) return;
  const Duration ran = microseconds(loop_.monotonic().us - one.since->us);
  one.since.reset();
  one.ran = one.ran + ran;
  one.left = microseconds(one.left.us - ran.us);
  if (one.limit < duration_unlimited) one.limit = microseconds(one.limit.us - ran.us);
}

void PretendedSteps::time_is_over(const StepKey& key) {
  One* one = find(key);
  if (one == nullptr) return;
  one->timer = 0;
  const bool is_limited = one->limit < one->left;
  stop_clock(*one);
  if (is_limited) return finish(key, EndCause::time_limit, 0, SIGTERM, "");
  if (one->job.failure == PretendedFailure::run) {
    return lose(key, "it was to be lost, by the job's label");
  }
  finish(key, EndCause::finished, one->job.exit_code, 0, "");
}

void PretendedSteps::finish(
    const StepKey& key, EndCause cause, int exit_code, int signal, std::string detail) {
  One* one = find(key);
  if (one == nullptr || one->phase == agent::StepPhase::ended) return;
  stop_clock(*one);
  one->phase = agent::StepPhase::ended;
  agent::SupervisorStatus status;
  status.step = key;
  status.phase = one->phase;
  status.result.cause = cause;
  status.result.exit_code = exit_code;
  status.result.signal = signal;
  status.result.tasks_failed = exit_code != 0 || signal != 0 ? 1 : 0;
  status.result.detail = std::move(detail);
  events_.status(std::move(status));
}

void PretendedSteps::end(const StepKey& key, EndCause cause, Duration kill_wait) {
  One* one = find(key);
  if (one == nullptr || one->waits_for_kill) return;
  const bool has_run = one->phase == agent::StepPhase::running;
  if (!has_run || one->job.failure != PretendedFailure::end) {
    return finish(key, cause, 0, has_run ? SIGTERM : 0, "");
  }
  stop_clock(*one);
  one->waits_for_kill = true;
  one->timer = loop_.after(kill_wait, [this, key, cause] {
    if (One* late = find(key)) late->timer = 0;
    finish(key, cause, 0, SIGKILL, "");
  });
}

void PretendedSteps::signal(const StepKey& key, int signal) {
  const One* one = find(key);
  if (one == nullptr || one->phase != agent::StepPhase::running || signal != SIGKILL) return;
  finish(key, EndCause::finished, 0, SIGKILL, "");
}

void PretendedSteps::change_limit(AttemptKey attempt, Duration limit) {
  for (const StepKey& key : steps_of(attempt)) {
    One& one = all_.at(key);
    const bool runs = one.since.has_value();
    if (one.phase == agent::StepPhase::ended || one.waits_for_kill) continue;
    stop_clock(one);
    one.limit = limit >= duration_unlimited
                    ? duration_unlimited
                    : microseconds(limit.us - one.ran_before.us - one.ran.us);
    if (runs) start_clock(key, one);
  }
}

void PretendedSteps::pause(AttemptKey attempt, bool stands) {
  for (const StepKey& key : steps_of(attempt)) {
    One& one = all_.at(key);
    one.stands = stands;
    if (one.waits_for_kill) continue;
    if (stands) {
      stop_clock(one);
    } else {
      start_clock(key, one);
    }
  }
}

void PretendedSteps::kill(const StepKey& key) {
  const One* one = find(key);
  if (one != nullptr && one->phase == agent::StepPhase::running) signal(key, SIGKILL);
}

void PretendedSteps::kill_attempt(AttemptKey attempt) {
  for (const StepKey& key : steps_of(attempt)) kill(key);
}

void PretendedSteps::forget(const StepKey& key) {
  if (One* one = find(key)) {
    stop_clock(*one);
    all_.erase(key);
    events_.gone(agent::SupervisorGone{key, "", true});
  }
}

void PretendedSteps::drop(AttemptKey attempt) {
  for (const StepKey& key : steps_of(attempt)) {
    stop_clock(all_.at(key));
    all_.erase(key);
  }
}

void PretendedSteps::lose(const StepKey& key, const std::string& why) {
  if (One* one = find(key)) {
    stop_clock(*one);
    all_.erase(key);
    events_.gone(agent::SupervisorGone{key, why, true});
  }
}

}  // namespace cox::noded
