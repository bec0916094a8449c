// What became of jobs that left memory, for those that are submitted to wait for them: State cannot
// say, so the history is asked before the request enters the core. docs/adr/0020-dependencies.md
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "core/job/answers.h"
#include "ctld/store/history.h"
#include "model/job_request.h"

namespace cox::ctld {

/// One dependency that is asked for, and the elements of the job that has it.
struct AskedDependency {
  Dependency dependency;
  ArraySpec array;
};

/// The dependency of a request, when it has one that can be read: what cannot is refused later.
void add_dependency(const std::string& text,
                    const ArraySpec& array,
                    std::vector<AskedDependency>* to);

/// What neither State nor `past` knows. Of arrays in `past` that did not end well, the elements
/// that correspond to others are wanted one by one.
std::vector<core::WaitKey> unknown_past(const core::State& state,
                                        const std::vector<AskedDependency>& asked,
                                        const std::vector<PastJob>& past);

HistoryFilter past_filter(const std::vector<core::WaitKey>& keys);
/// Those of `keys` that the page has.
std::vector<PastJob> past_jobs(const HistoryPage& page, const std::vector<core::WaitKey>& keys);

}  // namespace cox::ctld
