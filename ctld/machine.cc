// A request's way through the core.
#include "ctld/machine.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/assert.h"
#include "core/job/waits.h"
#include "core/repair.h"
#include "ctld/fact_text.h"
#include "ctld/history_desk.h"
#include "ctld/log.h"
#include "ctld/store/fact_codec.h"
#include "ctld/store/record.h"

namespace cox::ctld {

namespace {

/// The job whose view `fact` changes; 0 for none.
JobId job_shown_by(const core::Fact& fact) {
  return std::visit(
      [](const auto& body) {
        if constexpr (requires { body.job; }) {
          return body.job;
        } else {
          return JobId{};
        }
      },
      fact);
}

void note_heard(const core::Request& request, std::vector<JobId>* jobs) {
  if (const auto* first = std::get_if<core::ReportPrepared>(&request)) {
    jobs->push_back(first->job);
  } else if (const auto* later = std::get_if<core::ReportStepPrepared>(&request)) {
    jobs->push_back(later->step.job);
  } else if (const auto* node = std::get_if<core::RegisterNode>(&request)) {
    for (const core::HeldAttempt& held : node->held) jobs->push_back(held.job);
  }
}

}  // namespace

Machine::Machine(core::Policies policies) : policies_(policies), plan_(policies) {}

void Machine::restore(core::Record record, std::uint64_t sequence) {
  state_.index = core::rebuild_index(record, state_.index.job_by_key.seed());
  state_.record = std::move(record);
  last_sequence_ = sequence;
  for (const core::Job& job : state_.record.jobs) {
    blob_counts_.restore(job);
    retention_.restore(job, sequence);
  }
}

Result<void> Machine::try_replay(const core::Fact& fact) {
  const JobId job = core::job_of(fact);
  const bool makes_job = std::holds_alternative<core::JobSubmitted>(fact) ||
                         std::holds_alternative<core::JobQuarantined>(fact);
  if (job != JobId{} && !makes_job && state_.find_job(job) == nullptr) {
    return fail(Code::internal, "there is no job " + std::to_string(job.value));
  }
  const core::Undo undo(state_, fact);
  try {
    const AssertionsThrow scope;
    replay(fact);
    return {};
  } catch (const BrokenAssertion& broken) {
    undo.restore(state_);
    if (history_ != nullptr) history_->unlearn(last_sequence_ + 1);
    return fail(Code::internal, broken.what());
  }
}

void Machine::raise_epoch(Epoch epoch) {
  if (state_.record.epoch < epoch) change(core::EpochStarted{epoch, Instant{}});
}

/// Everything that follows State, with it.
void Machine::change(const core::Fact& fact) {
  checkpoint_.before(state_, fact);
  blob_counts_.before(state_, fact);
  if (history_ != nullptr) history_->learn(state_, fact, last_sequence_ + 1);
  core::evolve(state_, fact);
  blob_counts_.after(state_, fact, last_sequence_ + 1);
  retention_.learn(state_, fact, last_sequence_ + 1);
}

void Machine::replay(const core::Fact& fact) {
  change(fact);
  ++last_sequence_;
}

void Machine::start(Instant now, Duration monotonic) {
  begin_turn(now, monotonic);
  contact_.started = now_;
  retention_.begin(now_);
  plan_.drop();
}

void Machine::begin_turn(Instant wall, Duration monotonic) {
  now_ = clock_.next(wall, monotonic);
  if (clock_.jump() > Duration{}) core::put_forward(contact_, now_, clock_.jump());
  if (clock_.stall() > Duration{}) core::excuse_silence(contact_, now_, clock_.stall());
}

Result<void> Machine::ask(const core::Request& request) {
  const std::uint64_t heard = contact_.generation;
  core::observe(contact_, state_, now_, request);
  if (contact_.generation != heard) plan_.contact_changed();
  auto facts = core::decide(state_, contact_, now_, request);
  if (!facts) return tl::unexpected(facts.error());
  if (facts->empty()) {
    add(core::answer(state_, contact_, request));
    // A node that has ended the last of what it held may be told to start anew.
    if (contact_.generation != heard) settle();
  } else {
    learn(*facts);
  }
  note_heard(request, &changes_.heard);
  return {};
}

Result<void> Machine::ask(const core::Request& request, std::vector<Blob> contents) {
  blobs_.offer(std::move(contents));
  auto asked = ask(request);
  blobs_.drop_offers();
  return asked;
}

void Machine::reconcile(NodeId node, const std::vector<core::HeldAttempt>& held) {
  add(core::reconcile(state_, contact_, node, held));
}

bool Machine::plan(std::size_t steps) {
  bool done = false;
  learn(plan_.step(state_, contact_, now_, steps, &done));
  return done;
}

Batch Machine::take_batch() {
  batch_.epoch = state_.record.epoch;
  batch_.first_sequence = last_sequence_ - batch_.count + 1;
  return std::exchange(batch_, {});
}

Changes Machine::take_changes() {
  return std::exchange(changes_, {});
}

void Machine::use_policies(const core::Policies& policies) {
  policies_ = policies;
  plan_ = core::Plan(policies);
}

void Machine::learn(const core::Facts& facts) {
  for (const core::Fact& fact : facts) learn(fact);
  if (!facts.empty()) settle();
}

/// What follows for jobs that waited for it, and for nodes that have nothing left to run, is done
/// in the same turn.
void Machine::settle() {
  while (core::has_unsettled(state_)) {
    const auto facts = core::decide(state_, contact_, now_, core::SettleWaits{});
    ASSERT(facts.has_value() && !facts->empty());
    for (const core::Fact& fact : *facts) learn(fact);
  }
  if (!core::has_reboot_due(state_, contact_)) return;
  const auto facts = core::decide(state_, contact_, now_, core::BeginReboots{});
  ASSERT(facts.has_value());
  for (const core::Fact& fact : *facts) learn(fact);
}

void Machine::learn(const core::Fact& fact) {
  tally_.learn(state_, fact);
  change(fact);
  plan_.observe(state_, fact);
  note(fact);
  add(core::react(state_, contact_, fact));
  for (const core::Errand& errand : core::errands_of(state_, fact)) {
    changes_.errands.push_back(errand);
  }
  late_steps_.learn(state_, contact_, fact, now_);
  core::forget(contact_, state_, fact);
}

/// Puts the fact into the turn's batch, with content that it is the first to need.
void Machine::note(const core::Fact& fact) {
  record_.clear();
  encode_fact(fact, &record_);
  append_record(record_, &batch_.records);
  ++batch_.count;
  ++last_sequence_;
  auto contents = blobs_.learn(fact);
  std::ranges::move(contents, std::back_inserter(batch_.blobs));
  if (std::string text = log_text(state_, fact); !text.empty()) {
    changes_.notes.push_back({std::move(text), RequestScope::current()});
  }
  if (const JobId job = job_shown_by(fact); job != JobId{}) changes_.jobs.push_back(job);
  if (const auto* split = std::get_if<core::ElementSplit>(&fact)) {
    changes_.jobs.push_back(split->array);
  }
  if (const auto* forgotten = std::get_if<core::JobsForgotten>(&fact)) {
    changes_.jobs.insert(changes_.jobs.end(), forgotten->jobs.begin(), forgotten->jobs.end());
  }
  if (const auto* turned = std::get_if<core::RowTurned>(&fact)) note_turn(*turned);
}

void Machine::note_turn(const core::RowTurned& fact) {
  const auto sliced = state_.index.sliced.find(fact.partition);
  if (sliced == state_.index.sliced.end()) return;
  for (const auto& [row, jobs] : sliced->second.rows) {
    changes_.turns.insert(changes_.turns.end(), jobs.begin(), jobs.end());
  }
}

void Machine::add(const core::Effects& effects) {
  changes_.effects.insert(changes_.effects.end(), effects.begin(), effects.end());
}

}  // namespace cox::ctld
