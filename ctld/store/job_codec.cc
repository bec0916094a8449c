// Field by field; every value is checked on the way back.
#include "ctld/store/job_codec.h"

#include <utility>

#include "ctld/store/step_share_codec.h"
#include "wire/model_codec.h"
#include "wire/with_message.h"

namespace cox::ctld {

namespace {

void put(const core::Step& from, store::StateStep* to) {
  to->set_id(from.id.value);
  wire::put(from.request, to->mutable_request());
  for (const core::StepShare& share : from.shares) put_step_share(share, to->add_shares());
  to->set_queued_us(from.queued.us);
  to->set_key_high(from.key.words[0]);
  to->set_key_low(from.key.words[1]);
  to->set_started_us(from.started.us);
  to->set_released_us(from.released.us);
  to->set_ended_us(from.ended.us);
  wire::put(from.result, to->mutable_result());
}

Result<core::Step> take(const store::StateStep& from) {
  auto request = wire::take(from.request());
  if (!request) return tl::unexpected(request.error());
  auto result = wire::take(from.result());
  if (!result) return tl::unexpected(result.error());
  core::Step step;
  step.id = StepId(from.id());
  step.request = std::move(*request);
  for (const auto& share : from.shares()) {
    auto taken = take_step_share(share);
    if (!taken) return tl::unexpected(taken.error());
    step.shares.push_back(*std::move(taken));
  }
  step.queued = Instant{from.queued_us()};
  step.key = ClientKey{{from.key_high(), from.key_low()}};
  step.started = Instant{from.started_us()};
  step.released = Instant{from.released_us()};
  step.ended = Instant{from.ended_us()};
  step.result = std::move(*result);
  return step;
}

void put(const core::ArrayRun& from, store::StateArray* to) {
  wire::put(from.remainder, to->mutable_remainder());
  wire::put(from.cancelled, to->mutable_cancelled());
  to->set_cancels(from.cancels);
  for (const auto& [state, count] : from.ended) {
    (*to->mutable_ended())[static_cast<std::uint32_t>(state)] = count;
  }
  to->set_worst(static_cast<std::uint32_t>(from.worst.state));
  to->set_exit_code(from.worst.exit_code);
  to->set_signal(from.worst.signal);
}

Result<core::ArrayRun> take(const store::StateArray& from, std::uint32_t at_once_max) {
  constexpr auto last_state = static_cast<std::uint32_t>(JobState::deadline);
  auto remainder = wire::take(from.remainder(), at_once_max);
  if (!remainder) return tl::unexpected(remainder.error());
  auto cancelled = wire::take(from.cancelled());
  if (!cancelled) return tl::unexpected(cancelled.error());
  core::ArrayRun run;
  run.remainder = std::move(*remainder);
  run.cancelled = std::move(*cancelled);
  run.cancels = from.cancels();
  for (const auto& [state, count] : from.ended()) {
    if (state > last_state) return fail(Code::internal, "state " + std::to_string(state));
    run.ended[static_cast<JobState>(state)] = count;
  }
  if (from.worst() > last_state) return fail(Code::internal, "state is impossible");
  run.worst = {static_cast<JobState>(from.worst()), from.exit_code(), from.signal()};
  return run;
}

void put(const core::JobRun& from, store::StateJob* to) {
  to->set_started_us(from.started.us);
  to->set_released_us(from.released.us);
  to->set_ended_us(from.ended.us);
  to->set_cause(static_cast<std::uint32_t>(from.cause));
  to->set_ended_by(from.ended_by);
  to->set_why(from.why);
  to->set_starts_undone(from.starts_undone);
  to->set_attempts_run(from.attempts_run);
  wire::put(from.allocation, to->mutable_allocation());
  from.freed.for_each([to](std::size_t i) { to->add_freed(static_cast<std::uint32_t>(i)); });
  to->set_next_step(from.next_step.value);
  for (const core::Step& step : from.steps) put(step, to->add_steps());
  to->set_final_state(static_cast<std::uint32_t>(from.final_state));
  to->set_exit_code(from.exit_code);
  to->set_signal(from.signal);
  wire::put(from.usage, to->mutable_usage());
  to->set_partition(from.partition);
  to->set_begun_us(from.begun.us);
  to->set_retries(from.retries);
  to->set_before_cause(static_cast<std::uint32_t>(from.before_cause));
  to->set_before_exit_code(from.before_exit_code);
  to->set_before_why(from.before_why);
  to->set_awaits_program(from.awaits_program);
  to->set_owes_epilog(from.owes_epilog);
  to->set_cleared_us(from.cleared.us);
  to->set_limit_changed(from.is_limit_changed);
  to->set_suspended_us(from.suspended.us);
  to->set_suspended_by(from.suspended_by);
  to->set_stands_us(from.stands.us);
  to->set_stood_us(from.stood.us);
  to->set_has_stood(from.has_stood);
  if (!from.array.is_blank()) put(*from.array, to->mutable_array_run());
}

void put(const core::Job& from, std::uint32_t common, store::StateJob* to) {
  to->set_id(from.id.value);
  if (common == 0) {
    wire::put(from.request, to->mutable_request());
  } else {
    wire::put_own(from.request, to->mutable_request());
  }
  to->set_common(common);
  to->set_key_high(from.key.words[0]);
  to->set_key_low(from.key.words[1]);
  to->set_submitted_us(from.submitted.us);
  to->set_phase(static_cast<std::uint32_t>(from.phase));
  to->set_attempt(from.attempt.value);
  to->set_hold(static_cast<std::uint32_t>(from.hold));
  to->set_array(from.array.value);
  to->set_index(from.index);
  if (!from.run.is_blank()) put(*from.run, to);
}

Result<void> take_parts(const store::StateJob& from, core::JobRun* run) {
  auto allocation = wire::take(from.allocation());
  if (!allocation) return tl::unexpected(allocation.error());
  run->allocation = std::move(*allocation);
  run->freed = Bitset(run->allocation.nodes.size());
  for (const std::uint32_t position : from.freed()) {
    if (position >= run->freed.size())
      return fail(Code::internal, "freed " + std::to_string(position));
    run->freed.set(position);
  }
  for (const auto& entry : from.steps()) {
    auto step = take(entry);
    if (!step) return tl::unexpected(step.error());
    run->steps.push_back(std::move(*step));
  }
  return {};
}

Result<void> take(const store::StateJob& from, core::JobRun* run) {
  run->started = Instant{from.started_us()};
  run->released = Instant{from.released_us()};
  run->ended = Instant{from.ended_us()};
  run->cause = static_cast<EndCause>(from.cause());
  run->ended_by = from.ended_by();
  run->why = from.why();
  run->starts_undone = from.starts_undone();
  run->attempts_run = from.attempts_run();
  run->next_step = StepId(from.next_step());
  run->final_state = static_cast<JobState>(from.final_state());
  run->exit_code = from.exit_code();
  run->signal = from.signal();
  run->usage = wire::take(from.usage());
  run->partition = static_cast<std::uint16_t>(from.partition());
  run->begun = Instant{from.begun_us()};
  run->retries = from.retries();
  run->before_cause = static_cast<EndCause>(from.before_cause());
  run->before_exit_code = from.before_exit_code();
  run->before_why = from.before_why();
  run->awaits_program = from.awaits_program();
  run->owes_epilog = from.owes_epilog();
  run->cleared = Instant{from.cleared_us()};
  run->is_limit_changed = from.limit_changed();
  run->suspended = Instant{from.suspended_us()};
  run->suspended_by = from.suspended_by();
  run->stands = Instant{from.stands_us()};
  run->stood = Duration{from.stood_us()};
  run->has_stood = from.has_stood();
  return take_parts(from, run);
}

bool is_possible(const store::StateJob& job) {
  return job.phase() <= static_cast<std::uint32_t>(JobPhase::split) &&
         job.hold() <= static_cast<std::uint32_t>(Hold::by_system) &&
         job.cause() <= static_cast<std::uint32_t>(EndCause::deadline) &&
         job.before_cause() <= static_cast<std::uint32_t>(EndCause::deadline) &&
         job.final_state() <= static_cast<std::uint32_t>(JobState::deadline);
}

}  // namespace

std::uint32_t CommonList::place(const Cow<JobCommon>& common) {
  for (std::uint32_t i = 0; i < values_.size(); ++i) {
    if (values_[i] == common) return i + 1;
  }
  values_.push_back(common);
  return static_cast<std::uint32_t>(values_.size());
}

void encode_job(const core::Job& job, std::uint32_t common, std::string* out) {
  wire::with_message<store::StateJob>([&](store::StateJob* message) {
    put(job, common, message);
    message->AppendToString(out);
  });
}

Result<JobRequest> JobDecoder::take_request() const {
  if (from_.common() == 0) return wire::take(from_.request());
  if (from_.common() > commons_.size()) {
    return fail(Code::internal, "common " + std::to_string(from_.common()) + " is missing");
  }
  auto request = wire::take_own(from_.request());
  if (request) request->common = commons_[from_.common() - 1];
  return request;
}

Result<core::Job> JobDecoder::decode(std::string_view bytes) {
  if (!from_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::internal, "not a job");
  }
  if (!is_possible(from_)) {
    return fail(Code::internal, "a phase, hold, cause or state is impossible");
  }
  auto request = take_request();
  if (!request) return tl::unexpected(request.error());
  core::Job job;
  job.id = JobId(from_.id());
  job.request = std::move(*request);
  job.key = ClientKey{{from_.key_high(), from_.key_low()}};
  job.submitted = Instant{from_.submitted_us()};
  job.phase = static_cast<JobPhase>(from_.phase());
  job.attempt = Attempt(from_.attempt());
  job.hold = static_cast<Hold>(from_.hold());
  job.array = JobId(from_.array());
  job.index = from_.index();
  if (!from_.has_allocation()) return job;  // it only waited so far
  if (auto done = take(from_, &job.run.edit()); !done) return tl::unexpected(done.error());
  if (from_.has_array_run()) {
    auto run = take(from_.array_run(), job.request.common->array.at_once_max);
    if (!run) return tl::unexpected(run.error());
    job.run.edit().array = Cow<core::ArrayRun>(std::move(*run));
  }
  return job;
}

}  // namespace cox::ctld
