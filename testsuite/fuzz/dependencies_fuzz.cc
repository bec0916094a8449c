// Dependencies of any text: bounded, and the canonical form says the same.
#include "model/dependency.h"
#include "testsuite/fuzz/fuzz.h"

using namespace cox;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto dependency = parse_dependency(text);
  if (!dependency) {
    fuzz::require_names(dependency.error(), text);
    return 0;
  }
  std::size_t jobs = 0;
  for (const DependencyTerm& term : dependency->terms) {
    const bool is_singleton = term.kind == DependencyKind::singleton;
    require(term.jobs.empty() == is_singleton, "jobs where none belong, or none");
    jobs += term.jobs.size();
    for (const JobReference& job : term.jobs) require(job.job.value != 0, "job 0 is named");
  }
  require(jobs <= dependency_jobs_max, "too many jobs");
  const auto again = parse_dependency(dependency_text(*dependency));
  require(again && *again == *dependency, "the canonical form says something else");
  return 0;
}
