// What waits.cc keeps and waits_questions.cc asks of a waiting job.
#pragma once

#include "core/job/waits.h"

namespace cox::core {

inline constexpr DependencyKind corresponding = DependencyKind::after_corresponding;

bool has_dependency(const Job& job);
bool is_corresponding(const Job& job);
/// By which singletons stand together.
SingleName single_name(const Job& job);
/// The array of an element, and itself of any other job.
JobId family_of(const Job& job);
/// The job named at `place` of all places in the dependency's terms, and the kind of its term.
const JobReference& reference_at(const Dependency& dependency,
                                 std::size_t place,
                                 DependencyKind* kind);

}  // namespace cox::core
