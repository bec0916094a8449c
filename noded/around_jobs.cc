// Prolog and epilog: what the administrator has run before the first task of an attempt on this
// node and after its last. Which they are came with the attempt, so that a later daemon knows it
// too.
#include <string>
#include <utility>

#include "model/program_environment.h"
#include "noded/daemon.h"

namespace cox::noded {

std::vector<std::string> Daemon::program_environment(const AttemptPlan& plan,
                                                     const char* which) const {
  const wire::Prepare& prepare = plan.prepare;
  ProgramAttempt about;
  about.program = which;
  about.attempt = plan.key();
  about.job_name = prepare.request().name();
  about.nodes = {prepare.job_nodes().begin(), prepare.job_nodes().end()};
  about.array = JobId{prepare.element().array()};
  about.index = prepare.element().index();
  ProgramEnvironment environment(about, plan.user);
  return environment.add("COX_NODE_NAME", setup_.options.name).take();
}

/// What is unfinished is begun again: it must not meet what a killed daemon left of it.
void Daemon::end_left_programs() {
  const auto left = programs_.end_left();
  if (left.ended != 0) {
    log_.warning("ended " + std::to_string(left.ended) + " programs that a killed daemon left");
  }
  if (left.survivors == 0) return;
  log_.error("of programs that a killed daemon left " + std::to_string(left.survivors) +
             " processes survive SIGKILL");
}

void Daemon::run_prolog(const AttemptPlan& plan) {
  const AttemptKey key = plan.key();
  const ProgramSettings& programs = plan.programs;
  if (programs.prolog.empty()) return tell(agent::ContainerMade{key, {}, true});
  const platform::ProgramRun run{programs.prolog, program_environment(plan, "prolog"),
                                 programs.prolog_timeout, true};
  programs_.run(run, [this, key, program = programs.prolog](const platform::ProgramEnd& end) {
    agent::ContainerMade made{key, {}, true};
    if (!end.is_good) {
      made.failure = "prolog " + program + ": " + end.text();
      made.sets_aside = true;
    }
    tell(std::move(made));
  });
}

/// For each attempt for which a prolog may have been begun, whatever became of it.
void Daemon::run_epilog(AttemptKey key, const Usage& usage) {
  const auto plan = plans_.find(key);
  if (plan == plans_.end() || plan->second.programs.epilog.empty()) return removed(key, usage, "");
  const ProgramSettings& programs = plan->second.programs;
  const platform::ProgramRun run{programs.epilog, program_environment(plan->second, "epilog"),
                                 programs.epilog_timeout, true};
  epilogs_.insert(key);
  programs_.run(run,
                [this, key, usage, program = programs.epilog](const platform::ProgramEnd& end) {
                  epilogs_.erase(key);
                  removed(key, usage, end.is_good ? "" : "epilog " + program + ": " + end.text());
                });
}

void Daemon::removed(AttemptKey key, const Usage& usage, const std::string& epilog_failure) {
  if (!epilog_failure.empty()) log_.error("attempt " + names_.text(key) + ": " + epilog_failure);
  tell(agent::ContainerRemoved{key, usage, epilog_failure});
  log_closed(key);
}

}  // namespace cox::noded
