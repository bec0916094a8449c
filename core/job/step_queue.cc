// See step_queue.h. The walk along the queue is the same for deciding and for telling why.
#include "core/job/step_queue.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/assert.h"
#include "core/any_of.h"
#include "core/job/array.h"
#include "core/job/lifecycle.h"

namespace cox::core {
namespace {

constexpr std::size_t holders_named_max = 3;
constexpr std::size_t waits_explained_max = 32;  // of one job; those behind wait for these

/// No later step gets anything of the places where `step` may run. True when none is left to give.
bool bar(const Record& record, const Job& job, const Step& step, StepRoom& room) {
  if (const auto places = places_for(record, job, step.request)) {
    for (const std::size_t place : *places) {
      NodeFree& free = room[place];
      free.cores.reset_all();
      free.devices.reset_all();
      std::ranges::fill(free.memory_mib, 0);
      std::ranges::fill(free.pools, 0);
    }
  }
  return std::ranges::all_of(room, [](const NodeFree& free) { return free.cores.none(); });
}

bool has_waiting(const Job& job) {
  return job.phase == JobPhase::running &&
         std::ranges::any_of(job.run->steps, [](const Step& step) { return step.is_waiting(); });
}

StepLane lane_of(const StepRequest& request) {
  return {request.nodes_wanted, request.nodes_excluded, request.nodes};
}

/// The first step of each lane, in the order in which they were asked for.
std::vector<StepId> heads_of(const StepQueue& queue) {
  std::vector<StepId> heads;
  heads.reserve(queue.lanes.size());
  for (const auto& [lane, steps] : queue.lanes) heads.push_back(*steps.begin());
  std::ranges::sort(heads);
  return heads;
}

const StepQueue* find_queue(const Index& index, JobId job) {
  const auto found = index.step_queues.find(job);
  return found == index.step_queues.end() ? nullptr : &found->second;
}

void add_waiting(StepQueue& queue, const Step& step) {
  queue.lanes[lane_of(step.request)].insert(step.id);
}

/// True where it waited.
bool drop_waiting(StepQueue& queue, const Step& step) {
  const auto lane = queue.lanes.find(lane_of(step.request));
  if (lane == queue.lanes.end() || lane->second.erase(step.id) == 0) return false;
  if (lane->second.empty()) queue.lanes.erase(lane);
  return true;
}

void rebuild_queue(Index& index, const Record& record, JobId id) {
  index.step_queues.erase(id);
  const Job* job = record.jobs.find(id);
  if (job == nullptr || !has_waiting(*job)) return;
  StepQueue& queue = index.step_queues[id];
  queue.room = room_beside_steps(*job);
  for (const Step& step : job->run->steps) {
    if (step.is_waiting()) add_waiting(queue, step);
  }
}

void note_due(Index& index, const Record& record, JobId id) {
  const StepQueue* queue = find_queue(index, id);
  const bool is_due =
      queue != nullptr && due_step(record, *record.jobs.find(id), *queue, {}).start.has_value();
  if (is_due) {
    index.steps_due.insert(id);
  } else {
    index.steps_due.erase(id);
  }
}

/// What a fact about one step changes of its job's queue.
template <class One>
void keep_queue(State& state, const One& fact) {
  const auto found = state.index.step_queues.find(fact.job);
  if (found == state.index.step_queues.end()) {
    if constexpr (std::is_same_v<One, StepQueued>) {
      rebuild_queue(state.index, state.record, fact.job);
    }
    return;
  }
  StepQueue& queue = found->second;
  const Job& job = *state.record.jobs.find(fact.job);
  const Step& step = *find_step(job, fact.step);
  if constexpr (std::is_same_v<One, StepQueued>) {
    add_waiting(queue, step);
  } else if constexpr (std::is_same_v<One, StepStarted>) {
    drop_waiting(queue, step);
    take_room(queue.room, job, step);
  } else if (!drop_waiting(queue, step)) {
    give_room(queue.room, job, step);
  }
  if (queue.lanes.empty()) state.index.step_queues.erase(found);
}

std::string title_of(const Job& job, StepId step) {
  return job_name(job) + "." + step_name(step);
}

/// "steps 7.0, 7.1 and 3 more"
std::string holders_text(const Job& job, const std::vector<StepId>& holders) {
  std::string text = holders.size() == 1 ? "step " : "steps ";
  for (std::size_t i = 0; i < holders.size() && i < holders_named_max; ++i) {
    text += (i == 0 ? "" : ", ") + title_of(job, holders[i]);
  }
  if (holders.size() > holders_named_max) {
    text += " and " + std::to_string(holders.size() - holders_named_max) + " more";
  }
  return text;
}

/// The steps that hold something where `request` may run.
std::vector<StepId> holders_of(const Record& record, const Job& job, const StepRequest& request) {
  std::vector<StepId> holders;
  const auto places = places_for(record, job, request);
  if (!places) return holders;
  for (const Step& step : job.run->steps) {
    if (step.is_ended() || step.request.sharing == StepSharing::overlap) continue;
    const bool is_there = std::ranges::any_of(*places, [&](std::size_t place) {
      return has_share(step, job.run->allocation.nodes[place].node);
    });
    if (is_there) holders.push_back(step.id);
  }
  return holders;
}

}  // namespace

StepRoom room_behind_queue(const State& state, const Job& job) {
  const StepQueue* queue = find_queue(state.index, job.id);
  if (queue == nullptr) return room_beside_steps(job);
  StepRoom room = queue->room;
  for (const StepId head : heads_of(*queue)) {
    if (bar(state.record, job, *find_step(job, head), room)) break;
  }
  return room;
}

std::size_t count_waiting_steps(const Index& index, JobId job) {
  const StepQueue* queue = find_queue(index, job);
  std::size_t count = 0;
  if (queue == nullptr) return count;
  for (const auto& [lane, steps] : queue->lanes) count += steps.size();
  return count;
}

// Behind a step that does not fit no other of its lane does: all their places are barred.
DueStep due_step(const Record& record, const Job& job, const StepQueue& queue, Instant now) {
  DueStep due;
  StepRoom room = queue.room;
  for (const StepId head : heads_of(queue)) {
    const Step& step = *find_step(job, head);
    ++due.looked_at;
    auto shares = place_step(record, job, step.request, room);
    if (shares) {
      due.start = StepStarted{job.id,       job.attempt,        step.id, now,
                              step.request, std::move(*shares), step.key};
      return due;
    }
    if (bar(record, job, step, room)) break;
  }
  return due;
}

std::string step_wait_text(const Record& record, const Job& job, const Step& waiting) {
  // Looked at as if it were the first: where it fits, it waits for its turn alone.
  const auto placed = place_step(record, job, waiting.request, room_beside_steps(job));
  if (!placed) {
    const auto holders = holders_of(record, job, waiting.request);
    return placed.error().message +
           (holders.empty() ? "" : ", beside " + holders_text(job, holders));
  }
  const Step* before = nullptr;
  for (const Step& step : job.run->steps) {
    if (step.id == waiting.id) break;
    if (step.is_waiting()) before = &step;
  }
  return before == nullptr ? "" : "its turn is behind step " + title_of(job, before->id);
}

std::vector<StepWait> step_waits(const Record& record, const Job& job) {
  std::vector<StepWait> waits;
  if (!has_waiting(job)) return waits;
  for (const Step& step : job.run->steps) {
    if (!step.is_waiting()) continue;
    waits.push_back({step.id, waits.size() < waits_explained_max
                                  ? step_wait_text(record, job, step)
                                  : "its turn is behind step " + title_of(job, waits.back().step)});
  }
  return waits;
}

void look_for_due_step(Index& index, const Record& record, JobId id) {
  rebuild_queue(index, record, id);
  note_due(index, record, id);
}

void rebuild_steps_due(Index& index, const Record& record) {
  index.step_queues.clear();
  index.steps_due.clear();
  for (const Job& job : record.jobs) {
    if (has_waiting(job)) look_for_due_step(index, record, job.id);
  }
}

void keep_steps_due(State& state, const Fact& fact) {
  std::visit(
      [&state](const auto& one) {
        using One = std::decay_t<decltype(one)>;
        // What a cpu is, and with it what fits, may have changed.
        if constexpr (std::is_same_v<One, SettingsApplied>) {
          rebuild_steps_due(state.index, state.record);
        } else if constexpr (is_any_of<One, StepQueued, StepStarted, StepEnded>) {
          keep_queue(state, one);
          note_due(state.index, state.record, one.job);
        } else if constexpr (is_any_of<One, JobReleased, JobEnding, JobUpdated, StartUndone,
                                       JobRequeued, JobEnded, JobQuarantined>) {
          look_for_due_step(state.index, state.record, one.job);
        }
      },
      fact);
}

Facts start_due_steps(const Scene& scene) {
  Facts facts;
  for (const JobId id : scene.state.index.steps_due) {
    const StepQueue* queue = find_queue(scene.state.index, id);
    ASSERT(queue != nullptr);
    auto due = due_step(scene.state.record, *scene.state.find_job(id), *queue, scene.now);
    ASSERT(due.start.has_value());
    facts.push_back(*std::move(due.start));
  }
  return facts;
}

}  // namespace cox::core
