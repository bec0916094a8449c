// See dependency_text.h.
#include "core/job/dependency_text.h"

#include <algorithm>

#include "common/count_text.h"
#include "core/job/array.h"
#include "core/job/waits.h"
#include "core/job/waits_parts.h"

namespace cox::core {
namespace {

constexpr std::string_view never_begin = "dependency cannot come true: ";
constexpr std::string_view left_out = " <- ...";
constexpr std::size_t chain_bytes_max = 400;  // links in the middle are left out beyond

/// The job of the key, where it has a record in State.
const Job* job_at(const State& state, const WaitKey& key) {
  if (!key.second) return state.find_job(key.first);
  const ArrayMembers* members = state.find_members(key.first);
  if (members == nullptr) return nullptr;
  const auto element = members->elements.find(*key.second);
  return element == members->elements.end() ? nullptr : state.find_job(element->second);
}

/// "7_4" also where the element was named by the id of its own job.
std::string name_at(const State& state, const WaitKey& key) {
  const Job* job = job_at(state, key);
  return job == nullptr ? name_of(key) : job_name(*job);
}

std::string reference_text(const State& state, DependencyKind kind, JobReference reference) {
  const Job* job = reference.index ? nullptr : state.find_job(reference.job);
  if (job != nullptr && is_element(*job)) {
    reference.job = job->array;
    reference.index = job->index;
  }
  return dependency_text(Dependency{false, {DependencyTerm{kind, {reference}}}});
}

/// What the submit was told of a job that had left memory.
const PastJob* past_at(const JobTerms& terms, const WaitKey& key) {
  const auto found = std::ranges::find_if(terms.past, [&key](const PastJob& one) {
    return one.job == key.first && one.index == key.second;
  });
  return found == terms.past.end() ? nullptr : &*found;
}

std::string ended_text(const State& state,
                       const JobTerms& terms,
                       const WaitKey& key,
                       const Seen& seen) {
  std::string text = "job " + name_at(state, key) + " ended " + std::string(to_text(seen.state));
  const Job* job = job_at(state, key);
  const PastJob* past = job == nullptr ? past_at(terms, key) : nullptr;
  const std::int32_t exit_code = job != nullptr    ? job->run->exit_code
                                 : past != nullptr ? past->exit_code
                                                   : 0;
  const std::int32_t signal = job != nullptr    ? job->run->signal
                              : past != nullptr ? past->signal
                                                : 0;
  if (exit_code != 0) text += ", exit code " + std::to_string(exit_code);
  if (signal != 0) text += ", signal " + std::to_string(signal);
  return text;
}

/// Why the job of the key ended, if anything is known of that.
std::string why_ended(const State& state, const JobTerms& terms, const WaitKey& key) {
  if (const Job* job = job_at(state, key)) return job->run->why;
  const Job* array = key.second ? state.find_job(key.first) : nullptr;
  if (array != nullptr && is_array(*array)) {
    // Elements that ended without jobs of their own did so for the reason of the whole, where all
    // of them did at once.
    const ArrayRun& run = *array->run->array;
    const bool is_of_all = run.cancels == 1 && !is_corresponding(*array);
    return is_of_all && run.cancelled.contains(*key.second) ? array->run->why : "";
  }
  const PastJob* past = past_at(terms, key);
  return past == nullptr ? "" : past->why;
}

std::string seen_text(const State& state, const JobTerms& terms, const WaitKey& key) {
  const auto seen = look_up(view_of(state), terms, key);
  if (!seen) return "job " + name_at(state, key) + " is not known any more";
  if (seen->ended) return ended_text(state, terms, key, *seen);
  const Job* job = job_at(state, key);
  return "job " + name_at(state, key) + " is " +
         std::string(job == nullptr ? "PENDING" : to_text(job_state(*job)));
}

WaitingAs as(const Job& job, std::optional<std::uint32_t> index) {
  return index && is_array(job) ? WaitingAs{false, index} : waiting_as(job);
}

DependencyLine line_of(const State& state,
                       const Job& job,
                       const WaitingAs& who,
                       DependencyKind kind,
                       const JobReference& reference) {
  const JobTerms& terms = *job.request.terms;
  const WaitView view = view_of(state);
  DependencyLine line{reference_text(state, kind, reference),
                      answer_to(view, terms, who, kind, reference), ""};
  const WaitKey key = answer_key(view, terms, who, kind, reference);
  const bool is_each = kind == DependencyKind::after_corresponding && who.is_remainder;
  line.detail = is_each && line.answer.met != Met::met
                    ? "each element waits for the one of its index in job " + name_of(key)
                    : seen_text(state, terms, key);
  if (line.answer.met == Met::met && line.answer.from.is_set()) {
    line.detail += "; then " + count_text(reference.delay_minutes, "minute");
  }
  return line;
}

std::string ahead_text(std::size_t ahead) {
  return count_text(ahead, "other job") + " of its user and name " + (ahead == 1 ? "goes" : "go") +
         " first";
}

/// Of a chain of ends the first and the last say most.
std::string shortened(const std::string& chain) {
  if (chain.size() <= chain_bytes_max) return chain;
  std::size_t from = chain.find(" <- ", chain.size() - chain_bytes_max / 2);
  const std::size_t to = chain.rfind(" <- ", chain_bytes_max / 2);
  if (from == std::string::npos || to == std::string::npos || to >= from) return chain;
  // Where links were left out before, when the chain had fewer, there is no second such place.
  const std::size_t before = chain.find(left_out);
  if (before == from) from += left_out.size();
  return chain.substr(0, std::min(to, before)) + std::string(left_out) + chain.substr(from);
}

}  // namespace

std::vector<DependencyLine> dependency_lines(const State& state,
                                             const Job& job,
                                             std::optional<std::uint32_t> index) {
  std::vector<DependencyLine> lines;
  if (job.request.terms.is_blank()) return lines;
  const WaitingAs who = as(job, index);
  for (const DependencyTerm& term : job.request.terms->dependency.terms) {
    if (term.kind == DependencyKind::singleton) {
      const std::size_t ahead = singles_ahead(state, job);
      lines.push_back(
          {"singleton", Answer{ahead == 0 ? Met::met : Met::not_yet},
           ahead == 0 ? "no other job of its user and name goes first" : ahead_text(ahead)});
    }
    for (const JobReference& reference : term.jobs) {
      lines.push_back(line_of(state, job, who, term.kind, reference));
    }
  }
  std::ranges::stable_partition(
      lines, [](const DependencyLine& line) { return line.answer.met != Met::met; });
  return lines;
}

bool is_never_text(std::string_view why) {
  return why.starts_with(never_begin);
}

std::string never_text(const State& state, const Job& job, std::optional<std::uint32_t> index) {
  const JobTerms& terms = *job.request.terms;
  const WaitingAs who = as(job, index);
  for (const DependencyTerm& term : terms.dependency.terms) {
    for (const JobReference& reference : term.jobs) {
      const WaitView view = view_of(state);
      if (answer_to(view, terms, who, term.kind, reference).met != Met::never) continue;
      const WaitKey key = answer_key(view, terms, who, term.kind, reference);
      const std::string link = reference_text(state, term.kind, reference);
      const std::string why = why_ended(state, terms, key);
      const std::string chain = is_never_text(why) ? link + " <- " + why.substr(never_begin.size())
                                                   : link + ": " + seen_text(state, terms, key);
      return std::string(never_begin) + shortened(chain);
    }
  }
  return std::string(never_begin) + dependency_text(terms.dependency);
}

}  // namespace cox::core
