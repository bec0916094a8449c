// Sentences about what a job waits for, for its end and for `cox why`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/job/answers.h"
#include "core/state.h"

namespace cox::core {

/// One reference, or the turn of a singleton, as a person wants to know it.
struct DependencyLine {
  std::string what;  // "afterok:7_3+10"
  Answer answer;
  std::string detail;  // "job 7_3 is RUNNING"
};

/// At most so many lines; more are counted by the caller.
inline constexpr std::size_t dependency_lines_max = 20;

/// What is not met comes first. `index`: of an array, this element of its remainder.
std::vector<DependencyLine> dependency_lines(const State& state,
                                             const Job& job,
                                             std::optional<std::uint32_t> index);
/// Why what the job waits for can never come true, down to the job that it began with: "dependency
/// cannot come true: afterok:9 <- afterok:8: job 8 ended FAILED, exit code 1".
std::string never_text(const State& state, const Job& job, std::optional<std::uint32_t> index = {});
/// `why` is such a sentence.
bool is_never_text(std::string_view why);

}  // namespace cox::core
