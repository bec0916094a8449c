// See answers.h.
#include "core/job/answers.h"

#include <algorithm>

#include "core/job/array.h"

namespace cox::core {
namespace {

Seen seen_job(const Job& job) {
  const JobRun& run = *job.run;
  if (job.phase == JobPhase::ended) {
    return Seen{run.begun.is_set(), true, run.begun, run.ended, run.final_state};
  }
  return Seen{run.begun.is_set(), false, run.begun, {}, JobState::pending};
}

/// An array has begun when each of its elements has, or ended before it could.
Seen seen_array(const WaitView& view, const Job& array) {
  const JobRun& run = *array.run;
  if (array.phase == JobPhase::ended) {
    return Seen{true, true, run.begun.is_set() ? run.begun : run.ended, run.ended, run.final_state};
  }
  const auto members = view.index.arrays.find(array.id);
  const bool has_waiting =
      array.phase == JobPhase::pending ||
      (members != view.index.arrays.end() && members->second.unended != members->second.live);
  return Seen{!has_waiting, false, run.begun, {}, JobState::pending};
}

std::optional<Seen> look_up_past(const JobTerms& terms, const WaitKey& key) {
  const auto seen = [](const PastJob& past) {
    return Seen{past.begun.is_set(), true, past.begun, past.ended, past.state};
  };
  for (const PastJob& past : terms.past) {
    if (past.job == key.first && past.index == key.second) return seen(past);
  }
  if (!key.second) return std::nullopt;
  // Of an array that ended well each element did.
  for (const PastJob& past : terms.past) {
    const bool is_whole = past.job == key.first && !past.index;
    if (is_whole && past.state == JobState::completed) return seen(past);
  }
  return std::nullopt;
}

std::optional<Seen> look_up_element(const WaitView& view, JobId id, std::uint32_t index) {
  if (const auto members = view.index.arrays.find(id); members != view.index.arrays.end()) {
    const auto element = members->second.elements.find(index);
    if (element != members->second.elements.end()) {
      return seen_job(view.record.jobs.at(element->second));
    }
  }
  const Job* array = view.record.jobs.find(id);
  if (array == nullptr || !is_array(*array)) return std::nullopt;
  if (array->phase == JobPhase::pending && remainder(*array).contains(index)) return Seen{};
  // When it was is not kept: no delay counts from it.
  if (array->run->array->cancelled.contains(index)) {
    return Seen{false, true, {}, {}, JobState::cancelled};
  }
  return std::nullopt;
}

Answer met_at(Instant at, std::uint32_t delay_minutes) {
  return Answer{Met::met,
                delay_minutes == 0 || !at.is_set() ? Instant{} : at + minutes(delay_minutes)};
}

/// Of a job of which nothing is known any more; its record was lost.
Answer answer_of_unknown(DependencyKind kind) {
  const bool is_met = kind == DependencyKind::after || kind == DependencyKind::after_any;
  return Answer{is_met ? Met::met : Met::never};
}

bool is_array_id(const WaitView& view, JobId id) {
  const Job* job = view.record.jobs.find(id);
  return job != nullptr ? is_array(*job) : view.index.arrays.contains(id);
}

/// The request brought what became of single elements of an array that left memory.
bool has_past_elements(const JobTerms& terms, const JobReference& reference) {
  return std::ranges::any_of(terms.past, [&reference](const PastJob& past) {
    return past.job == reference.job && past.index.has_value();
  });
}

Instant last_of(const Waits& waits, std::size_t term) {
  const DependencyTerm& about = waits.terms->dependency.terms[term];
  std::size_t place = 0;
  for (std::size_t i = 0; i < term; ++i) place += waits.terms->dependency.terms[i].jobs.size();
  Instant last;
  for (std::size_t i = 0; i < about.jobs.size(); ++i) {
    last = std::max(last, waits.answers[place + i].from);
  }
  return last;
}

/// When the dependency is met: by the first of its terms, or by the last.
Instant met_from(const Waits& waits) {
  const Dependency& dependency = waits.terms->dependency;
  std::optional<Instant> from;
  for (std::size_t term = 0; term < dependency.terms.size(); ++term) {
    if (dependency.terms[term].kind == DependencyKind::singleton || waits.open[term] != 0) continue;
    if (waits.never[term] != 0) continue;
    const Instant last = last_of(waits, term);
    if (!from) {
      from = last;
    } else {
      from = dependency.is_any ? std::min(*from, last) : std::max(*from, last);
    }
  }
  return from.value_or(Instant{});
}

void sum_up(Waits& waits) {
  const Dependency& dependency = waits.terms->dependency;
  std::size_t terms = 0;
  std::size_t met = 0;
  std::size_t never = 0;
  for (std::size_t i = 0; i < dependency.terms.size(); ++i) {
    if (dependency.terms[i].kind == DependencyKind::singleton) continue;
    ++terms;
    if (waits.never[i] != 0) {
      ++never;
    } else if (waits.open[i] == 0) {
      ++met;
    }
  }
  const bool is_met = dependency.is_any ? met != 0 : met == terms;
  const bool is_never = dependency.is_any ? terms != 0 && never == terms : never != 0;
  waits.all = Answer{is_met ? Met::met : is_never ? Met::never : Met::not_yet, {}};
  if (is_met) waits.all.from = met_from(waits);
}

}  // namespace

WaitingAs waiting_as(const Job& job) {
  if (is_array(job)) return WaitingAs{true, {}};
  if (is_element(job)) return WaitingAs{false, job.index};
  return WaitingAs{};
}

std::size_t reference_count(const Dependency& dependency) {
  std::size_t count = 0;
  for (const DependencyTerm& term : dependency.terms) count += term.jobs.size();
  return count;
}

bool has_kind(const Dependency& dependency, DependencyKind kind) {
  return std::ranges::any_of(dependency.terms,
                             [kind](const DependencyTerm& term) { return term.kind == kind; });
}

std::string name_of(const WaitKey& key) {
  return cox::job_name(key.first, key.second);
}

WaitKey key_of(const WaitView& view,
               const WaitingAs& who,
               DependencyKind kind,
               const JobReference& reference) {
  const bool corresponds = kind == DependencyKind::after_corresponding && who.index &&
                           !reference.index && is_array_id(view, reference.job);
  return {reference.job, corresponds ? who.index : reference.index};
}

std::optional<Seen> look_up(const WaitView& view, const JobTerms& terms, const WaitKey& key) {
  if (key.second) {
    const auto element = look_up_element(view, key.first, *key.second);
    return element ? element : look_up_past(terms, key);
  }
  const Job* job = view.record.jobs.find(key.first);
  if (job == nullptr) return look_up_past(terms, key);
  return is_array(*job) ? seen_array(view, *job) : seen_job(*job);
}

WaitKey answer_key(const WaitView& view,
                   const JobTerms& terms,
                   const WaitingAs& who,
                   DependencyKind kind,
                   const JobReference& reference) {
  WaitKey key = key_of(view, who, kind, reference);
  const bool corresponds = kind == DependencyKind::after_corresponding && !reference.index;
  if (corresponds && who.index && has_past_elements(terms, reference)) key.second = who.index;
  return key;
}

Answer answer_to(const WaitView& view,
                 const JobTerms& terms,
                 const WaitingAs& who,
                 DependencyKind kind,
                 const JobReference& reference) {
  // Each element has an answer of its own, and parts from its array with it.
  const bool is_for_each =
      kind == DependencyKind::after_corresponding && !reference.index && who.is_remainder &&
      (is_array_id(view, reference.job) || has_past_elements(terms, reference));
  if (is_for_each) return Answer{};
  const auto seen = look_up(view, terms, answer_key(view, terms, who, kind, reference));
  if (!seen) return answer_of_unknown(kind);
  if (kind == DependencyKind::after) {
    if (seen->begun) return met_at(seen->begun_at, reference.delay_minutes);
    return seen->ended ? met_at(seen->ended_at, reference.delay_minutes) : Answer{};
  }
  if (!seen->ended) return Answer{};
  const bool is_well = seen->state == JobState::completed;
  const bool wants_well =
      kind == DependencyKind::after_ok || kind == DependencyKind::after_corresponding;
  if ((wants_well && !is_well) || (kind == DependencyKind::after_not_ok && is_well)) {
    return Answer{Met::never};
  }
  return met_at(seen->ended_at, reference.delay_minutes);
}

Waits make_waits(const WaitView& view, const Cow<JobTerms>& terms, const WaitingAs& who) {
  Waits waits;
  waits.terms = terms;
  for (const DependencyTerm& term : terms->dependency.terms) {
    std::uint32_t& open = waits.open.emplace_back(0);
    std::uint32_t& never = waits.never.emplace_back(0);
    for (const JobReference& reference : term.jobs) {
      const Answer answer = answer_to(view, *terms, who, term.kind, reference);
      waits.answers.push_back(answer);
      if (answer.met == Met::not_yet) ++open;
      if (answer.met == Met::never) ++never;
    }
  }
  sum_up(waits);
  return waits;
}

std::size_t term_of(const Waits& waits, std::size_t place) {
  std::size_t term = 0;
  for (std::size_t end = 0; term < waits.terms->dependency.terms.size(); ++term) {
    end += waits.terms->dependency.terms[term].jobs.size();
    if (place < end) break;
  }
  return term;
}

void change_answer(Waits& waits, std::size_t place, const Answer& answer) {
  Answer& known = waits.answers[place];
  if (known == answer) return;
  const std::size_t term = term_of(waits, place);
  const auto count = [&](Met met, std::uint32_t by) {
    if (met == Met::not_yet) waits.open[term] += by;
    if (met == Met::never) waits.never[term] += by;
  };
  count(known.met, ~std::uint32_t{0});  // one less
  count(answer.met, 1);
  known = answer;
  sum_up(waits);
}

}  // namespace cox::core
