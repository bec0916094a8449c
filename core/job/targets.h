// What a request about a job means: the job alone, an array, or some of its elements. Elements that
// are all alike stay one record; where only some of them change they become jobs of their own.
#pragma once

#include <vector>

#include "common/result.h"
#include "core/job/endings.h"
#include "core/scene.h"
#include "model/array_spec.h"

namespace cox::core {

/// A job that is no array: itself alone.
struct Targets {
  const Job* array = nullptr;  // an array, or null
  ArraySpec together;          // elements of it that have no job of their own yet
  std::vector<const Job*> jobs;

  bool is_whole_remainder() const;
};

/// `elements`: empty for all of the job.
/// error: not_found, not_permitted; refused when everything named has ended
Result<Targets> find_targets(const Scene& scene,
                             const Caller& caller,
                             JobId id,
                             const ArraySpec& elements);
/// Makes jobs of the elements that so far were one record. error: refused for too many
Result<std::vector<Job>> split_off(const Targets& targets, Endings& endings);

/// Whose hold one of the caller's would be.
Hold hold_by(const Caller& caller, const Job& job);
/// Of a job that waits, unless it is held so already.
void hold_job(const Scene& scene, const Caller& caller, const Job& job, Endings& endings);
/// error: not_permitted where an operator holds it
Result<void> release_job(const Scene& scene,
                         const Caller& caller,
                         const Job& job,
                         Endings& endings);

}  // namespace cox::core
