// Elements of a job array as clients name them: which have jobs in State, which are still one
// record, and which only the history knows.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "core/state.h"
#include "model/array_spec.h"
#include "wire/client.pb.h"

namespace cox::ctld {

struct NamedElements {
  JobId array;
  const core::Job* record = nullptr;  // of the array; null when it left State
  std::vector<JobId> jobs;            // of elements, in State
  ArraySpec waiting;                  // of the remainder
  ArraySpec cancelled;                // ended without a job
  ArraySpec past;                     // left State, or were never there
};

/// Of what is asked for, what the array has. error: not_found when that is nothing, or the job no
/// array
Result<NamedElements> find_elements(const core::State& state, JobId array, const ArraySpec& wanted);

/// Checked. error: bad_usage names the array
Result<std::vector<std::pair<JobId, ArraySpec>>> take_elements(
    const google::protobuf::RepeatedPtrField<wire::ElementsOf>& from);

/// "7_3" or "7_[1-5,7]".
std::string elements_name(JobId array, ArraySpec elements);

}  // namespace cox::ctld
