// Field by field; every value is checked on the way back.
#include "ctld/store/job_codec.h"

#include <utility>

#include "ctld/store/chunk.pb.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

void put(const core::Step& from, store::StateStep* to) {
  to->set_id(from.id.value);
  wire::put(from.request, to->mutable_request());
  for (const core::StepShare& share : from.shares) {
    auto* entry = to->add_shares();
    entry->set_node(share.node.value);
    entry->set_tasks(share.tasks);
    entry->set_first_task(share.first_task);
  }
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
    step.shares.push_back({NodeId(share.node()), share.tasks(), share.first_task()});
  }
  step.key = ClientKey{{from.key_high(), from.key_low()}};
  step.started = Instant{from.started_us()};
  step.released = Instant{from.released_us()};
  step.ended = Instant{from.ended_us()};
  step.result = std::move(*result);
  return step;
}

void put(const core::Job& from, store::StateJob* to) {
  to->set_id(from.id.value);
  wire::put(from.request, to->mutable_request());
  to->set_key_high(from.key.words[0]);
  to->set_key_low(from.key.words[1]);
  to->set_submitted_us(from.submitted.us);
  to->set_started_us(from.started.us);
  to->set_released_us(from.released.us);
  to->set_ended_us(from.ended.us);
  to->set_phase(static_cast<std::uint32_t>(from.phase));
  to->set_attempt(from.attempt.value);
  to->set_hold(static_cast<std::uint32_t>(from.hold));
  to->set_cause(static_cast<std::uint32_t>(from.cause));
  to->set_ended_by(from.ended_by);
  to->set_why(from.why);
  to->set_starts_undone(from.starts_undone);
  to->set_attempts_run(from.attempts_run);
  wire::put(from.allocation, to->mutable_allocation());
  for (std::size_t i = 0; i < from.freed.size(); ++i) {
    if (from.freed.test(i)) to->add_freed(static_cast<std::uint32_t>(i));
  }
  to->set_next_step(from.next_step.value);
  for (const core::Step& step : from.steps) put(step, to->add_steps());
  to->set_final_state(static_cast<std::uint32_t>(from.final_state));
  to->set_exit_code(from.exit_code);
  to->set_signal(from.signal);
  wire::put(from.usage, to->mutable_usage());
  to->set_partition(from.partition);
}

Result<void> take_run(const store::StateJob& from, core::Job* job) {
  auto allocation = wire::take(from.allocation());
  if (!allocation) return tl::unexpected(allocation.error());
  job->allocation = std::move(*allocation);
  job->freed = Bitset(job->allocation.nodes.size());
  for (const std::uint32_t position : from.freed()) {
    if (position >= job->freed.size())
      return fail(Code::internal, "freed " + std::to_string(position));
    job->freed.set(position);
  }
  for (const auto& entry : from.steps()) {
    auto step = take(entry);
    if (!step) return tl::unexpected(step.error());
    job->steps.push_back(std::move(*step));
  }
  return {};
}

}  // namespace

void encode_job(const core::Job& job, std::string* out) {
  store::StateJob message;
  put(job, &message);
  message.AppendToString(out);
}

Result<core::Job> decode_job(std::string_view bytes) {
  store::StateJob from;
  if (!from.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::internal, "not a job");
  }
  if (from.phase() > static_cast<std::uint32_t>(JobPhase::ended) ||
      from.hold() > static_cast<std::uint32_t>(Hold::by_system) ||
      from.cause() > static_cast<std::uint32_t>(EndCause::client_gone) ||
      from.final_state() > static_cast<std::uint32_t>(JobState::node_fail)) {
    return fail(Code::internal, "a phase, hold, cause or state is impossible");
  }
  auto request = wire::take(from.request());
  if (!request) return tl::unexpected(request.error());
  core::Job job;
  job.id = JobId(from.id());
  job.request = std::move(*request);
  job.key = ClientKey{{from.key_high(), from.key_low()}};
  job.submitted = Instant{from.submitted_us()};
  job.started = Instant{from.started_us()};
  job.released = Instant{from.released_us()};
  job.ended = Instant{from.ended_us()};
  job.phase = static_cast<JobPhase>(from.phase());
  job.attempt = Attempt(from.attempt());
  job.hold = static_cast<Hold>(from.hold());
  job.cause = static_cast<EndCause>(from.cause());
  job.ended_by = from.ended_by();
  job.why = from.why();
  job.starts_undone = from.starts_undone();
  job.attempts_run = from.attempts_run();
  if (auto done = take_run(from, &job); !done) return tl::unexpected(done.error());
  job.next_step = StepId(from.next_step());
  job.final_state = static_cast<JobState>(from.final_state());
  job.exit_code = from.exit_code();
  job.signal = from.signal();
  job.usage = wire::take(from.usage());
  job.partition = static_cast<std::uint16_t>(from.partition());
  return job;
}

}  // namespace cox::ctld
