// See program_desk.h.
#include "ctld/program_desk.h"

#include <algorithm>
#include <utility>

#include "core/job/array.h"
#include "core/job/lifecycle.h"
#include "model/program_environment.h"

namespace cox::ctld {

namespace {

constexpr std::size_t programs_max = 32;  // at a time; more wait

core::ReportProgram report_of(const core::Errand& errand) {
  core::ReportProgram report;
  report.job = errand.job;
  report.attempt = errand.attempt;
  report.is_epilog = errand.kind == core::Errand::Kind::epilog;
  return report;
}

}  // namespace

std::vector<std::string> program_environment(const core::State& state,
                                             AttemptKey key,
                                             bool is_epilog) {
  const core::Job& job = *state.find_job(key.job);
  ProgramAttempt about;
  about.program = is_epilog ? "controller_epilog" : "controller_prolog";
  about.attempt = key;
  about.job_name = job.request.name;
  // Of an attempt before the last the nodes are not remembered.
  const bool is_last = job.attempt == key.attempt;
  if (is_last) {
    for (const NodeShare& share : job.run->allocation.nodes) {
      about.nodes.push_back(state.find_node(share.node)->name);
    }
  }
  if (core::is_element(job)) {
    about.array = job.array;
    about.index = job.index;
  }
  ProgramEnvironment environment(about, job.request.common->user);
  environment.add("COX_CLUSTER_NAME", state.record.settings.cluster)
      .add("COX_JOB_ACCOUNT", job.request.common->account)
      .add("COX_JOB_PARTITION", core::partition_of(job));
  if (is_epilog && is_last && job.phase == JobPhase::ended) {
    environment.add("COX_JOB_STATE", std::string(to_text(job.run->final_state)))
        .add("COX_JOB_EXIT_CODE", std::to_string(job.run->exit_code));
  }
  return environment.take();
}

void ProgramDesk::carry_out(const core::Errands& errands) {
  for (const core::Errand& errand : errands) {
    if (host_ == nullptr) {
      if (errand.kind != core::Errand::Kind::end_prolog) machine_.ask(report_of(errand));
      continue;
    }
    outputs_.to_host(machine_.last_sequence(), [this, errand] { begin(errand); });
  }
}

void ProgramDesk::begin(const core::Errand& errand) {
  const AttemptKey key{errand.job, errand.attempt};
  if (errand.kind == core::Errand::Kind::end_prolog) return end_prolog(key);
  waiting_.push_back(errand);
  begin_waiting();
}

/// One that has not begun need not begin any more.
void ProgramDesk::end_prolog(AttemptKey key) {
  std::erase_if(waiting_, [key](const core::Errand& one) {
    return one.job == key.job && one.attempt == key.attempt &&
           one.kind == core::Errand::Kind::prolog;
  });
  const auto found = running_.find(key);
  if (found != running_.end() && !found->second.is_epilog) host_->kill_program(found->second.run);
}

void ProgramDesk::begin_waiting() {
  for (auto next = waiting_.begin(); next != waiting_.end() && running_.size() < programs_max;) {
    const AttemptKey key{next->job, next->attempt};
    if (running_.contains(key)) {
      ++next;
      continue;
    }
    const core::Errand errand = *next;
    next = waiting_.erase(next);
    run(errand);
  }
}

/// The configuration of now says which it is: one that was taken out has nothing against the job.
void ProgramDesk::run(const core::Errand& errand) {
  const AttemptKey key{errand.job, errand.attempt};
  const core::ReportProgram report = report_of(errand);
  const ProgramSettings& settings = machine_.state().record.settings.programs;
  platform::ProgramRun run;
  run.dies_with_us = true;
  run.program = report.is_epilog ? settings.controller_epilog : settings.controller_prolog;
  run.timeout =
      report.is_epilog ? settings.controller_epilog_timeout : settings.controller_prolog_timeout;
  if (machine_.state().find_job(key.job) == nullptr) run.program.clear();
  if (!run.program.empty()) {
    run.environment = program_environment(machine_.state(), key, report.is_epilog);
  }
  const std::string what = report.is_epilog ? "controller_epilog " : "controller_prolog ";
  running_[key].is_epilog = report.is_epilog;
  running_[key].run = host_->run_program(
      run, [this, key, report, what = what + run.program](const platform::ProgramEnd& end) {
        core::ReportProgram told = report;
        if (!end.is_good) told.failure = what + ": " + end.text();
        ended(key, told);
      });
}

void ProgramDesk::ended(AttemptKey key, const core::ReportProgram& report) {
  running_.erase(key);
  machine_.ask(report);
  begin_waiting();
}

}  // namespace cox::ctld
