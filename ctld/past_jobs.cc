// See past_jobs.h.
#include "ctld/past_jobs.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/job/dependency_check.h"
#include "core/job/dependency_text.h"

namespace cox::ctld {

namespace {

constexpr std::size_t whys_max = 16;

/// The row says what became of this one.
bool is_about(const AttemptRow& row, const core::WaitKey& key) {
  if (!key.second) return row.job == key.first && row.kind != "elements";
  if (row.array != key.first) return false;
  if (row.index) return row.index == key.second;
  const auto elements = parse_array(row.elements);
  return row.kind == "elements" && elements && elements->contains(*key.second);
}

PastJob past_job(const AttemptRow& row, const core::WaitKey& key) {
  PastJob past{key.first, key.second, row.started, row.ended, JobState::failed};
  // Of an array nothing more is kept.
  if (row.kind == "array") past.begun = row.ended;
  if (const auto state = parse_job_state(row.state)) past.state = *state;
  past.exit_code = row.exit_code;
  past.signal = row.signal;
  if (core::is_never_text(row.reason)) past.why = row.reason;
  return past;
}

bool has(const std::vector<PastJob>& past, const core::WaitKey& key) {
  return std::ranges::any_of(
      past, [&key](const PastJob& one) { return one.job == key.first && one.index == key.second; });
}

void add_corresponding(const AskedDependency& asked,
                       const std::vector<PastJob>& past,
                       std::set<core::WaitKey>* to) {
  for (const DependencyTerm& term : asked.dependency.terms) {
    if (term.kind != DependencyKind::after_corresponding) continue;
    for (const JobReference& reference : term.jobs) {
      if (reference.index) continue;
      const bool is_bad = std::ranges::any_of(past, [&reference](const PastJob& one) {
        return one.job == reference.job && !one.index && one.state != JobState::completed;
      });
      if (!is_bad) continue;
      asked.array.for_each([&](std::uint32_t index) {
        const core::WaitKey key{reference.job, index};
        if (!has(past, key)) to->insert(key);
      });
    }
  }
}

}  // namespace

void add_dependency(const std::string& text,
                    const ArraySpec& array,
                    std::vector<AskedDependency>* to) {
  if (text.empty()) return;
  if (auto dependency = parse_dependency(text)) to->push_back({std::move(*dependency), array});
}

std::vector<core::WaitKey> unknown_past(const core::State& state,
                                        const std::vector<AskedDependency>& asked,
                                        const std::vector<PastJob>& past) {
  std::set<core::WaitKey> unknown;
  for (const AskedDependency& one : asked) {
    const auto keys = core::unknown_references(state, one.dependency, past, one.array);
    unknown.insert(keys.begin(), keys.end());
    add_corresponding(one, past, &unknown);
  }
  return {unknown.begin(), unknown.end()};
}

HistoryFilter past_filter(const std::vector<core::WaitKey>& keys) {
  HistoryFilter filter;
  std::map<JobId, ArraySpec> elements;
  for (const auto& [job, index] : keys) {
    if (!index) {
      filter.jobs.push_back(job);
      continue;
    }
    // Keys are in order, so the ranges are.
    auto& ranges = elements[job].ranges;
    if (!ranges.empty() && ranges.back().last + 1 == *index) {
      ++ranges.back().last;
    } else {
      ranges.push_back({*index, *index, 1});
    }
  }
  for (auto& [job, spec] : elements) filter.elements.emplace_back(job, std::move(spec));
  filter.with_arrays = true;
  return filter;
}

std::vector<PastJob> past_jobs(const HistoryPage& page, const std::vector<core::WaitKey>& keys) {
  std::map<core::WaitKey, PastJob> found;
  const std::set<core::WaitKey> wanted(keys.begin(), keys.end());
  const auto take = [&](const AttemptRow& row, const core::WaitKey& key) {
    if (wanted.contains(key) && is_about(row, key)) found.try_emplace(key, past_job(row, key));
  };
  for (const AttemptRow& row : page.attempts) {
    take(row, {row.job, std::nullopt});
    if (row.array == JobId{}) continue;
    if (row.index) {
      take(row, {row.array, row.index});
    } else if (row.kind == "elements") {
      for (auto key = wanted.lower_bound({row.array, 0});
           key != wanted.end() && key->first == row.array; ++key) {
        take(row, *key);
      }
    }
  }
  std::vector<PastJob> past;
  std::size_t whys = 0;
  for (auto& [key, job] : found) {
    // One of them is told; a job keeps what it knows of others as long as it waits.
    if (!job.why.empty() && ++whys > whys_max) job.why.clear();
    past.push_back(std::move(job));
  }
  return past;
}

}  // namespace cox::ctld
