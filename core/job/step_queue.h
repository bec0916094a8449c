// Steps that wait inside their job until other steps of it have ended. They begin in the order in
// which they were asked for: one that does not fit keeps those behind it from the nodes on which it
// may run, so that no stream of small ones passes it for ever; steps on other nodes begin.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/job/step_room.h"
#include "core/scene.h"
#include "core/state.h"

namespace cox::core {

/// Steps of one job that may wait at once.
inline constexpr std::size_t waiting_steps_max = 10'000;

/// What a step that is asked for now may have: beside those that run, and behind those that wait.
StepRoom room_behind_queue(const State& state, const Job& job);
std::size_t count_waiting_steps(const Index& index, JobId job);

/// The first step that may begin although it had to wait.
struct DueStep {
  std::optional<StepStarted> start;  // nothing when none may
  std::size_t looked_at = 0;         // steps: as many as there are lanes at most
};

DueStep due_step(const Record& record, const Job& job, const StepQueue& queue, Instant now);

/// For people: what a step that waits, waits for.
std::string step_wait_text(const Record& record, const Job& job, const Step& waiting);

struct StepWait {
  StepId step;
  std::string why;
};

/// The same of each step that waits, in order.
std::vector<StepWait> step_waits(const Record& record, const Job& job);

/// Index::step_queues and steps_due after `fact`, which has been evolved. The end of a step costs
/// what it can start, however many steps wait.
void keep_steps_due(State& state, const Fact& fact);
void rebuild_steps_due(Index& index, const Record& record);
/// The same for one job, from its record.
void look_for_due_step(Index& index, const Record& record, JobId id);
/// Starts a step of each job where one is due.
Facts start_due_steps(const Scene& scene);

}  // namespace cox::core
