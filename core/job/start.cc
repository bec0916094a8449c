// See start.h. The order of facts is the order in which evolve() accepts them.
#include "core/job/start.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/job/array.h"
#include "core/job/layout.h"
#include "core/job/lifecycle.h"
#include "core/job/step_binding.h"

namespace cox::core {
namespace {

/// The batch script as a step: one task on the first node.
StepRequest batch_step(const JobRequest& job) {
  StepRequest step;
  step.argv = job.argv;
  step.name = "batch";
  step.nodes = step.tasks = step.tasks_per_node = 1;
  step.environment = job.environment;
  step.directory = job.common->directory;
  step.output = job.common->output;
  step.error = job.common->error;
  step.input = job.common->input;
  step.mpi = MpiKind::none;
  step.sharing = StepSharing::overlap;  // what it starts shall have the job
  return step;
}

}  // namespace

bool goes_at_once(const State& state, const Allocation& allocation) {
  return allocation.nodes.size() == 1 && state.record.settings.programs.prolog.empty();
}

Facts release_job(const Job& job, Attempt attempt, Instant now) {
  Facts facts;
  facts.push_back(JobReleased{job.id, attempt, now});
  const auto initial = initial_step(job.request);
  if (initial.has_value()) facts.push_back(StepReleased{job.id, attempt, *initial, now});
  return facts;
}

bool has_start(const Facts& facts) {
  return std::ranges::any_of(
      facts, [](const Fact& fact) { return std::holds_alternative<JobStarted>(fact); });
}

Facts start_job(const State& state,
                const Job& job,
                const std::string& partition,
                const Allocation& allocation,
                Instant now) {
  if (is_array(job)) {
    // The next element becomes a job of its own by its start.
    const Job element = element_of(job, state.record.next_job, remainder(job).first());
    Facts facts{ElementSplit{element.id, now, job.id, element.index}};
    for (Fact& fact : start_job(state, element, partition, allocation, now)) {
      facts.push_back(std::move(fact));
    }
    return facts;
  }
  const Attempt attempt{job.attempt.value + 1};
  const ProgramSettings& programs = state.record.settings.programs;
  JobStarted started{job.id, attempt, now, allocation, partition};
  started.awaits_program = !programs.controller_prolog.empty();
  started.owes_epilog = !programs.controller_epilog.empty();
  const bool waits = started.awaits_program;
  Facts facts;
  facts.push_back(std::move(started));
  if (job.request.common->kind == JobKind::batch) {
    facts.push_back(StepStarted{job.id,
                                attempt,
                                step_batch,
                                now,
                                batch_step(job.request),
                                {StepShare{allocation.nodes.front().node, 1, 0}}});
  } else if (job.request.common->has_initial_step) {
    auto shares =
        lay_out(state.record, job.request, partition, allocation, job.request.common->initial_step);
    if (!shares.has_value()) {
      return Facts{JobHeld{job.id, now, Hold::by_system, shares.error().message}};
    }
    const StepRequest& step = job.request.common->initial_step;
    const StepBinder binder(state.record, job.request, partition, allocation);
    if (auto bound = binder.check(step, *shares); !bound.has_value()) {
      return Facts{JobHeld{job.id, now, Hold::by_system, bound.error().message}};
    }
    facts.push_back(StepStarted{job.id, attempt, StepId{0}, now, step, *shares});
  }
  if (goes_at_once(state, allocation) && !waits) {
    for (Fact& fact : release_job(job, attempt, now)) facts.push_back(std::move(fact));
  }
  return facts;
}

}  // namespace cox::core
