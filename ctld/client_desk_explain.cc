// Questions about one job: why it waits, what stands before it, what would let it start sooner.
#include <string>
#include <utility>

#include "core/job/array.h"
#include "core/job/settled.h"
#include "ctld/client_desk.h"
#include "ctld/translate/replies.h"

namespace cox::ctld {
namespace {

/// A job with a record in State, or an element of an array that has none of its own.
struct Asked {
  const core::Job* job = nullptr;  // null: it is known as a past job at most
  std::optional<std::uint32_t> index;
};

Result<Asked> find_asked(const core::State& state, JobId id, std::optional<std::uint32_t> index) {
  if (!index) return Asked{state.find_job(id), {}};
  const auto named = find_elements(state, id, single_element(*index));
  if (!named) return tl::unexpected(named.error());
  if (!named->jobs.empty()) return Asked{state.find_job(named->jobs.front()), {}};
  if (named->waiting.empty()) return Asked{};
  return Asked{state.find_job(id), index};
}

template <class T>
std::optional<T> optional_of(bool has, T value) {
  return has ? std::optional<T>(value) : std::nullopt;
}

}  // namespace

Result<void> ClientDesk::add_contrast(const core::Job& job,
                                      std::optional<std::uint32_t> index,
                                      const wire::ExplainJob& request,
                                      wire::Explanation* to) {
  const JobId id(request.against());
  const auto other_index = optional_of(request.has_against_index(), request.against_index());
  const auto other = find_asked(state(), id, other_index);
  if (!other) return tl::unexpected(other.error());
  const std::string name = job_name(id, other_index);
  if (other->job == nullptr) return fail(Code::not_found, "no job " + name + " waits");
  const auto made =
      core::contrast(state(), machine_.contact(), machine_.now(), machine_.policies(),
                     core::Contender{job, index}, core::Contender{*other->job, other->index});
  if (!made) return tl::unexpected(made.error());
  put_contrast(name, *made, to->mutable_contrast());
  return {};
}

void ClientDesk::explain(const Conversation& to, const wire::ExplainJob& request) {
  const JobId id(request.job());
  const auto asked = find_asked(state(), id, optional_of(request.has_index(), request.index()));
  if (!asked) return refuse(to, asked.error());
  if (asked->job == nullptr) return explain_past(to, request);
  const core::Job& job = *asked->job;
  wire::ClientReply answer;
  wire::Explanation* out = answer.mutable_explanation();
  const core::Verdict verdict = core::explain(state(), machine_.contact(), machine_.now(),
                                              machine_.policies(), job.id, asked->index);
  put_verdict(job, verdict, out);
  if (asked->index) out->set_id(job_name(id, asked->index));
  if (request.against() != 0) {
    if (auto added = add_contrast(job, asked->index, request, out); !added) {
      return refuse(to, added.error());
    }
  }
  if (request.suggest()) {
    const std::uint32_t index =
        asked->index.value_or(core::is_array(job) ? core::remainder(job).first() : job.index);
    put_suggestions(
        core::suggest(state(), machine_.contact(), machine_.now(), machine_.policies(), job, index),
        out);
  }
  reply(to, std::move(answer), true, true);
}

void ClientDesk::foretell(const Conversation& to,
                          const Result<WithContent<core::SubmitJob>>& made) {
  if (!made) return refuse(to, made.error());
  auto facts = core::decide(state(), machine_.contact(), machine_.now(), made->request);
  if (!facts) return refuse(to, facts.error());
  wire::ClientReply answer;
  wire::Submitted* submitted = answer.mutable_submitted();
  // No fact: this very submit, by its key, was made before.
  if (const auto known = core::submitted_before(state(), made->request)) {
    submitted->set_job(known->value);
  }
  for (const core::Fact& fact : *facts) {
    const auto* job = std::get_if<core::JobSubmitted>(&fact);
    if (job == nullptr) continue;
    const core::Verdict verdict =
        core::foretell(state(), machine_.contact(), machine_.now(), machine_.policies(), *job);
    put_verdict(verdict, submitted->mutable_verdict());
  }
  reply(to, std::move(answer), true, true);
}

}  // namespace cox::ctld
