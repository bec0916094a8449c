// The grammar of dependencies, read left to right; nothing is looked up here.
#include "model/dependency.h"

#include <array>

#include "common/text.h"
#include "model/array_spec.h"

namespace cox {
namespace {

constexpr std::array<std::string_view, 7> kind_names = {
    "after", "afterany", "afterok", "afternotok", "aftercorr", "afterburstbuffer", "singleton"};

Failure bad_dependency(std::string_view part, const std::string& why) {
  return fail(Code::bad_usage, "dependency \"" + quoted(part) + "\": " + why);
}

bool same_word(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != lower[i]) return false;
  }
  return true;
}

Result<DependencyKind> parse_kind(std::string_view word) {
  for (std::size_t i = 0; i < kind_names.size(); ++i) {
    if (same_word(word, kind_names[i])) return static_cast<DependencyKind>(i);
  }
  const auto near =
      nearest(word.substr(0, 32), std::vector<std::string>(kind_names.begin(), kind_names.end()));
  return bad_dependency(word, "is no type of dependency" +
                                  (near ? " (nearest: " + *near + ")" : " (see: cox-submit(1))"));
}

Result<JobReference> parse_reference(std::string_view part) {
  JobReference reference;
  const std::size_t plus = part.find('+');
  const std::string_view id = part.substr(0, plus);
  const std::size_t bar = id.find('_');
  const auto job = parse_u64(id.substr(0, bar));
  if (!job || *job == 0) return bad_dependency(part, "is no JOB, JOB_INDEX or JOB+MINUTES");
  reference.job = JobId{*job};
  if (bar != std::string_view::npos) {
    const auto index = parse_u64(id.substr(bar + 1));
    if (!index || *index > array_index_max) {
      return bad_dependency(part, "has no array index up to " + std::to_string(array_index_max) +
                                      " (one element each: JOB_1:JOB_2)");
    }
    reference.index = static_cast<std::uint32_t>(*index);
  }
  if (plus != std::string_view::npos) {
    const auto minutes = parse_u64(part.substr(plus + 1));
    if (!minutes || *minutes > dependency_delay_minutes_max) {
      return bad_dependency(part,
                            "has no minutes up to " + std::to_string(dependency_delay_minutes_max));
    }
    reference.delay_minutes = static_cast<std::uint32_t>(*minutes);
  }
  return reference;
}

bool begins_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

Result<DependencyTerm> parse_term(std::string_view part, std::size_t jobs_left) {
  DependencyTerm term;
  auto words = split(part, ':');
  if (!begins_with_digit(part)) {
    const auto kind = parse_kind(words.front());
    if (!kind) return Failure(kind.error());
    term.kind = *kind;
    words.erase(words.begin());
  }
  const bool wants_jobs = term.kind != DependencyKind::singleton;
  if (wants_jobs && words.empty()) return bad_dependency(part, "names no job");
  if (!wants_jobs && !words.empty()) return bad_dependency(part, "singleton takes no job");
  if (words.size() > jobs_left) {
    return bad_dependency(part,
                          "more than " + std::to_string(dependency_jobs_max) + " jobs are named");
  }
  for (const std::string_view word : words) {
    if (word.empty()) return bad_dependency(part, "names no job behind ':' (TYPE:JOB[:JOB...])");
    const auto reference = parse_reference(word);
    if (!reference) return Failure(reference.error());
    term.jobs.push_back(*reference);
  }
  return term;
}

std::string reference_text(const JobReference& reference) {
  std::string text = std::to_string(reference.job.value);
  if (reference.index) text += '_' + std::to_string(*reference.index);
  if (reference.delay_minutes != 0) text += '+' + std::to_string(reference.delay_minutes);
  return text;
}

}  // namespace

Result<Dependency> parse_dependency(std::string_view text) {
  Dependency dependency;
  dependency.is_any = text.find('?') != std::string_view::npos;
  if (dependency.is_any && text.find(',') != std::string_view::npos) {
    return bad_dependency(text, "',' (all) and '?' (any) cannot be mixed");
  }
  std::size_t terms_left = dependency_jobs_max;
  std::size_t jobs_left = dependency_jobs_max;
  for (const std::string_view part : split(text, dependency.is_any ? '?' : ',')) {
    if (terms_left-- == 0) {
      return bad_dependency(
          text, "more than " + std::to_string(dependency_jobs_max) + " terms are named");
    }
    auto term = parse_term(part, jobs_left);
    if (!term) return Failure(term.error());
    jobs_left -= term->jobs.size();
    dependency.terms.push_back(std::move(*term));
  }
  return dependency;
}

std::string dependency_text(const Dependency& dependency) {
  std::string text;
  for (const DependencyTerm& term : dependency.terms) {
    if (!text.empty()) text += dependency.is_any ? '?' : ',';
    text += kind_names.at(static_cast<std::size_t>(term.kind));
    for (const JobReference& reference : term.jobs) text += ':' + reference_text(reference);
  }
  return text;
}

}  // namespace cox
