// How each fact about a job or a step changes State: one function per fact. Only evolve() calls
// these. A broken ASSERT means that decide() made a fact the state table does not have.
#pragma once

#include "core/fact.h"
#include "core/state.h"

namespace cox::core {

void evolve_one(State& state, const JobSubmitted& fact);
void evolve_one(State& state, const ElementSplit& fact);
void evolve_one(State& state, const ElementsCancelled& fact);
void evolve_one(State& state, const JobHeld& fact);
void evolve_one(State& state, const JobUnheld& fact);
void evolve_one(State& state, const JobUpdated& fact);
void evolve_one(State& state, const JobStarted& fact);
void evolve_one(State& state, const JobReleased& fact);
void evolve_one(State& state, const StartCleared& fact);
void evolve_one(State& state, const StartUndone& fact);
void evolve_one(State& state, const EpilogEnded& fact);
void evolve_one(State& state, const JobEnding& fact);
void evolve_one(State& state, const JobSuspended& fact);
void evolve_one(State& state, const JobResumed& fact);
void evolve_one(State& state, const RowChanged& fact);
void evolve_one(State& state, const RowTurned& fact);
void evolve_one(State& state, const NodeFreed& fact);
void evolve_one(State& state, const JobRequeued& fact);
void evolve_one(State& state, const JobEnded& fact);
void evolve_one(State& state, const StepQueued& fact);
void evolve_one(State& state, const StepStarted& fact);
void evolve_one(State& state, const StepReleased& fact);
void evolve_one(State& state, const StepEnded& fact);
void evolve_one(State& state, const JobsForgotten& fact);
void evolve_one(State& state, const JobQuarantined& fact);
void evolve_one(State& state, const RecordLost& fact);

}  // namespace cox::core
