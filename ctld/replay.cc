// Record by record. Deterministic: the same bytes give the same State and the same verdict.
#include "ctld/replay.h"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/repair.h"
#include "ctld/store/fact_codec.h"

namespace cox::ctld {

namespace {

Attempt attempt_of(const core::Fact& fact) {
  return std::visit(
      [](const auto& body) {
        if constexpr (requires { body.attempt; }) {
          return body.attempt;
        } else {
          return Attempt{};
        }
      },
      fact);
}

std::string at_sequence(std::uint64_t sequence, const std::string& what) {
  return "journal record " + std::to_string(sequence) + " " + what;
}

}  // namespace

Result<void> Replay::restore(CheckpointStore& checkpoint) {
  RecordLoader loader;
  auto read = checkpoint.load([&loader](const FoundChunk& chunk) -> Result<void> {
    loader.take(chunk);
    return {};
  });
  if (!read) return read;
  auto record = loader.finish();
  if (!record) return tl::unexpected(record.error());
  const JobId end = record->next_job;
  machine_.restore(std::move(*record), checkpoint.sequence());
  for (const Damage& damage : loader.damages()) {
    for (const std::uint64_t id : damage.ids) {
      const JobId job{id};
      if (id == 0 || job >= end) continue;  // a whole chunk was lost, which had no such job yet
      aside_.emplace(job,
                     Aside{0, "state.db, " + to_text(damage.chunk) + ": " + damage.why, {}, {}});
    }
  }
  return {};
}

void Replay::take(const FoundRecord& found) {
  if (!found.is_whole) {
    return take_damaged(found, found.bytes.empty() ? "is missing" : "fails its checksum");
  }
  const auto fact = decode_fact(found.bytes);
  if (fact) return take_fact(found, *fact);
  take_damaged(found, "cannot be understood: " + fact.error().message);
}

/// Damaged bytes are believed in one thing: a job that they name and that exists is put aside. An
/// innocent one is then held for an operator, which is little to lose.
void Replay::take_damaged(const FoundRecord& found, const std::string& why) {
  machine_.raise_epoch(found.epoch);
  const JobId job = job_of_record(found.bytes);
  if (is_known(job)) return put_aside(job, found, why);
  machine_.skip(found.records);
  const std::string all = found.records == 1
                              ? at_sequence(found.sequence, why)
                              : "journal: up to " + std::to_string(found.records) +
                                    " records from sequence " + std::to_string(found.sequence) +
                                    " on are missing";
  lost_.push_back({Instant{}, found.sequence, all, found.records});
}

void Replay::take_fact(const FoundRecord& found, const core::Fact& fact) {
  if (const auto* left = std::get_if<core::JobsForgotten>(&fact))
    return take_forgotten(found, *left);
  const JobId job = core::job_of(fact);
  const auto aside = aside_.find(job);
  // An earlier restart has judged the same records already, and this is its verdict.
  if (std::holds_alternative<core::JobQuarantined>(fact)) {
    if (aside != aside_.end()) aside_.erase(aside);
  } else if (aside != aside_.end()) {
    aside->second.attempt = std::max(aside->second.attempt, attempt_of(fact));
    return put_aside(job, found, {});
  }
  if (const auto* judged = std::get_if<core::RecordLost>(&fact)) {
    std::erase_if(lost_, [&](const auto& one) { return one.sequence == judged->sequence; });
  }
  if (std::holds_alternative<core::JobSubmitted>(fact)) find_unsubmitted(job, found);
  if (const auto* split = std::get_if<core::ElementSplit>(&fact)) {
    find_unsubmitted(split->job, found);
  }
  const auto done = machine_.try_replay(fact);
  if (done) return;
  const std::string why = std::string(fact_name(fact)) + " does not fit: " + done.error().message;
  if (job != JobId{}) {
    put_aside(job, found, why);
    aside_[job].attempt = attempt_of(fact);
  } else {
    machine_.skip();
    lost_.push_back({Instant{}, found.sequence, at_sequence(found.sequence, why)});
  }
}

/// They had ended and the history has them. That goes for jobs put aside as well, unless State
/// knows better what they hold: then it is for an operator to say.
void Replay::take_forgotten(const FoundRecord& found, const core::JobsForgotten& fact) {
  core::JobsForgotten fitting{fact.at, {}};
  std::vector<JobId> unfit;
  for (const JobId id : fact.jobs) {
    const core::Job* job = machine_.state().find_job(id);
    if (job != nullptr && job->phase != JobPhase::ended) {
      unfit.push_back(id);
      continue;
    }
    aside_.erase(id);
    if (job != nullptr) fitting.jobs.push_back(id);
  }
  if (fitting.jobs.empty() || !machine_.try_replay(fitting)) machine_.skip();
  for (const JobId id : unfit) note_aside(id, found, "says that it had ended");
}

void Replay::put_aside(JobId job, const FoundRecord& found, const std::string& why) {
  machine_.skip();
  note_aside(job, found, why);
}

void Replay::note_aside(JobId job, const FoundRecord& found, const std::string& why) {
  Aside& aside = aside_[job];
  if (aside.why.empty()) {
    aside.sequence = found.sequence;
    aside.why = at_sequence(found.sequence, why);
  }
  aside.records.emplace_back(found.bytes);
}

bool Replay::is_known(JobId job) const {
  return job != JobId{} && (aside_.contains(job) || machine_.state().find_job(job) != nullptr);
}

void Replay::find_unsubmitted(JobId end, const FoundRecord& found) {
  if (lost_.empty()) return;
  for (JobId job = machine_.state().record.next_job; job < end; ++job.value) {
    const std::string why =
        at_sequence(found.sequence, "or one before: the submit of this job cannot be read");
    aside_.try_emplace(job, Aside{lost_.back().sequence, why, {}, {}});
  }
}

core::Quarantine Replay::result() const {
  core::Quarantine all;
  for (const auto& [job, aside] : aside_) {
    all.jobs.push_back({job, Instant{}, aside.sequence, "quarantined: " + aside.why, aside.attempt,
                        aside.records});
  }
  all.lost = lost_;
  return all;
}

}  // namespace cox::ctld
