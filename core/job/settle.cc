// SettleWaits: steps begin for which there is room now; jobs that take turns move to earlier rows,
// and a row that wants its turn follows one that does not; jobs whose dependency can never come
// true end, and elements whose own turn has come, or never will, part from their array. Each
// decision takes some; the caller asks again.
#include <map>
#include <vector>

#include "core/job/array.h"
#include "core/job/dependency_text.h"
#include "core/job/endings.h"
#include "core/job/step_queue.h"
#include "core/job/waits.h"
#include "core/scene.h"
#include "core/slice/turns.h"

namespace cox::core {
namespace {

constexpr std::size_t settled_max = 1000;  // by one decision
// Records keep no more ranges than a submit may have; some are left for people.
constexpr std::size_t pieces_max = array_ranges_max - 100;

/// All that waits of an array: as one record where that is in few pieces.
void end_remainder(Endings& endings, const Job& array, const std::string& why) {
  ArraySpec left = remainder(array);
  left.at_once_max = 0;
  const ArraySpec& all = array.request.common->array;
  if (cancelled_with(all, *array.run->array, left).ranges.size() <= array_ranges_max) {
    endings.cancel_elements(array, left, std::nullopt, why);
    return;
  }
  ArraySpec some{{left.ranges.front()}, 0};
  some.for_each([&](std::uint32_t index) {
    endings.end_waiting(endings.split(array, index), JobState::cancelled, std::nullopt, why);
  });
}

void end_doomed(const Scene& scene, Endings& endings, const Job& job) {
  const std::string why = never_text(scene.state, job);
  if (!is_array(job)) {
    endings.end_waiting(job, JobState::cancelled, std::nullopt, why);
    return;
  }
  if (job.phase == JobPhase::pending) end_remainder(endings, job, why);
  const ArrayMembers* members = scene.state.find_members(job.id);
  if (members == nullptr) return;
  for (const auto& [index, id] : members->elements) {
    const Job& element = *scene.state.find_job(id);
    if (element.phase != JobPhase::pending) continue;
    endings.end_waiting(element, JobState::cancelled, std::nullopt, why);
  }
}

/// Its array ends with it in the same decision.
bool has_doomed_array(const WaitIndex& waits, const Job& job) {
  return is_element(job) && waits.doomed.contains(job.array);
}

/// A cut of many pieces: all of the smallest part at once, so that there are fewer.
ArraySpec smallest_piece(const ArraySpec& elements) {
  const ArrayRange* smallest = &elements.ranges.front();
  for (const ArrayRange& range : elements.ranges) {
    if (range.count() < smallest->count()) smallest = &range;
  }
  return ArraySpec{{*smallest}, 0};
}

/// Elements of one array: those that may begin get jobs of their own; the others end as such.
void part(const Scene& scene,
          Endings& endings,
          const Job& array,
          const std::vector<std::uint32_t>& due) {
  ArraySpec left = remainder(array);
  for (const std::uint32_t index : due) {
    const WaitingAs who{false, index};
    const Answer all = make_waits(view_of(scene.state), array.request.terms, who).all;
    const Job element = endings.split(array, index);
    if (all.met == Met::never) {
      endings.end_waiting(element, JobState::cancelled, std::nullopt,
                          never_text(scene.state, array, index));
    }
    left.remove(index);
    if (left.ranges.size() < pieces_max) continue;
    smallest_piece(left).for_each([&](std::uint32_t other) {
      endings.split(array, other);
      left.remove(other);
    });
    return;
  }
}

}  // namespace

Result<Facts> decide_one(const Scene& scene, const SettleWaits&) {
  if (!scene.state.index.steps_due.empty()) return start_due_steps(scene);
  if (Facts rows = settle_rows(scene); !rows.empty()) return rows;
  const WaitIndex& waits = scene.state.index.waits;
  Endings endings(scene.state, scene.now);
  std::size_t settled = 0;
  for (const JobId id : waits.doomed) {
    const Job& job = *scene.state.find_job(id);
    if (!has_doomed_array(waits, job)) end_doomed(scene, endings, job);
    if (++settled == settled_max) return endings.take();
  }
  if (settled != 0) return endings.take();
  std::map<JobId, std::vector<std::uint32_t>> due;
  for (const auto& [array, index] : waits.due) {
    due[array].push_back(index);
    if (++settled == settled_max) break;
  }
  for (const auto& [array, elements] : due) {
    part(scene, endings, *scene.state.find_job(array), elements);
  }
  return endings.take();
}

}  // namespace cox::core
