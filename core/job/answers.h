// What can be said of the jobs that a job waits for: a function of the Record, and of the Index of
// arrays. docs/adr/0020-dependencies.md
#pragma once

#include <optional>

#include "core/state.h"

namespace cox::core {

/// State, or a Record whose Index is being rebuilt.
struct WaitView {
  const Record& record;
  const Index& index;
};

inline WaitView view_of(const State& state) {
  return WaitView{state.record, state.index};
}

/// What became of a job so far.
struct Seen {
  bool begun = false, ended = false;
  Instant begun_at{}, ended_at{};
  JobState state = JobState::pending;
};

/// Who waits: a job, an element, or the elements of an array that have no jobs of their own.
struct WaitingAs {
  bool is_remainder = false;
  std::optional<std::uint32_t> index{};  // of an element
};

WaitingAs waiting_as(const Job& job);

/// References of all terms, in order. A singleton has none.
std::size_t reference_count(const Dependency& dependency);
bool has_kind(const Dependency& dependency, DependencyKind kind);
/// As people write it: N or N_K.
std::string name_of(const WaitKey& key);
/// What the reference is about for this one: aftercorr is about the element of the same index.
WaitKey key_of(const WaitView& view,
               const WaitingAs& who,
               DependencyKind kind,
               const JobReference& reference);
/// Whose end it is: the same, and of an array that left memory the element where it is known alone.
WaitKey answer_key(const WaitView& view,
                   const JobTerms& terms,
                   const WaitingAs& who,
                   DependencyKind kind,
                   const JobReference& reference);

/// Nothing when neither the Record nor what is known of past jobs has it.
std::optional<Seen> look_up(const WaitView& view, const JobTerms& terms, const WaitKey& key);
Answer answer_to(const WaitView& view,
                 const JobTerms& terms,
                 const WaitingAs& who,
                 DependencyKind kind,
                 const JobReference& reference);

/// The answers to all references, and to the whole but for singletons.
Waits make_waits(const WaitView& view, const Cow<JobTerms>& terms, const WaitingAs& who);
/// Takes a new answer into the whole.
void change_answer(Waits& waits, std::size_t place, const Answer& answer);
/// The term that a reference belongs to.
std::size_t term_of(const Waits& waits, std::size_t place);

}  // namespace cox::core
