// Controller to node.
#include "noded/translate.h"

#include <algorithm>
#include <utility>

#include "common/node_list.h"
#include "common/text.h"
#include "wire/model_codec.h"

namespace cox::noded {
namespace {

constexpr int endpoints_max = 200'000;
constexpr std::int64_t kill_wait_us_max = seconds(86'400).us;
constexpr std::int64_t contact_us_max = minutes(7 * 1440).us;

Received of(agent::AgentRequest request) {
  Received received;
  received.request = std::move(request);
  return received;
}

Result<EndCause> take_cause(std::uint32_t cause) {
  if (cause > static_cast<std::uint32_t>(EndCause::deadline)) {
    return bad_usage("unknown cause " + std::to_string(cause));
  }
  return static_cast<EndCause>(cause);
}

Result<StepKey> take_step(const wire::StepKey& from) {
  if (from.job() == 0 || from.attempt() == 0) return bad_usage("step of job 0 or attempt 0");
  return wire::take(from);
}

template <class Message>
Result<AttemptKey> take_attempt(const Message& message) {
  if (message.job() == 0 || message.attempt() == 0) return bad_usage("job 0 or attempt 0");
  return AttemptKey{JobId{message.job()}, Attempt{message.attempt()}};
}

/// Of a registration, or of a change within its session.
template <class Message>
Result<Received> take_terms(agent::AgentRequest request, const Message& message) {
  if (message.kill_wait_us() < 0 || message.kill_wait_us() > kill_wait_us_max) {
    return bad_usage("kill_wait of " + std::to_string(message.kill_wait_us()) + " us");
  }
  for (const std::int64_t us :
       {message.silent_after_us(), message.fence_after_us(), message.fence_kill_wait_us()}) {
    if (us < 0 || us > contact_us_max)
      return bad_usage("contact term of " + std::to_string(us) + " us");
  }
  Received received = of(std::move(request));
  received.terms = {microseconds(message.silent_after_us()), microseconds(message.fence_after_us()),
                    microseconds(message.fence_kill_wait_us())};
  auto programs = wire::take(message.programs());
  if (!programs) return tl::unexpected(programs.error());
  received.programs = std::move(*programs);
  return received;
}

Result<Received> take_one(const agent::Origin& origin, const wire::Registered& message) {
  if (!message.error().empty()) return fail(Code::refused, quoted(message.error(), 400));
  if (!is_node_name(message.cluster()))
    return bad_usage("cluster name " + quoted(message.cluster()));
  auto received = take_terms(agent::Registered{origin, Duration{message.kill_wait_us()}}, message);
  if (received) received->cluster = message.cluster();
  return received;
}

Result<Received> take_one(const agent::Origin& origin, const wire::Terms& message) {
  return take_terms(agent::ChangeTerms{origin, Duration{message.kill_wait_us()}}, message);
}

Result<Received> take_one(const agent::Origin& origin, wire::Prepare* message) {
  const bool go_at_once = message->go_at_once();
  const auto key = take_attempt(*message);
  if (!key) return tl::unexpected(key.error());
  Received received;
  auto plan = check_plan(std::move(*message));
  if (plan) {
    received.request = agent::Prepare{origin,
                                      *key,
                                      plan->initial(),
                                      go_at_once,
                                      !plan->programs.epilog.empty(),
                                      plan->prepare.stands()};
    received.plan = std::move(*plan);
  } else {
    received.request = agent::Prepare{origin, *key, {}, false};
    received.refusal = plan.error().message;
  }
  return received;
}

Result<Received> take_one(const agent::Origin& origin, const wire::Go& message) {
  const auto step = take_step(message.step());
  if (!step) return tl::unexpected(step.error());
  if (message.endpoints_size() > endpoints_max) {
    return bad_usage(std::to_string(message.endpoints_size()) + " endpoints");
  }
  agent::Go go{origin, *step, {message.endpoints().begin(), message.endpoints().end()}};
  return of(std::move(go));
}

Result<Received> take_one(const agent::Origin& origin, wire::PrepareStep* message) {
  const auto step = take_step(message->key());
  if (!step) return tl::unexpected(step.error());
  if (message->spec().step() != step->step.value) {
    return bad_usage("step " + step_name(step->step) + " with the plan of step " +
                     step_name(StepId{message->spec().step()}));
  }
  Received received;
  received.request = agent::PrepareStep{origin, *step};
  const auto checked = check_spec(message->spec());
  if (!checked) received.refusal = checked.error().message;
  received.spec = std::move(*message->mutable_spec());
  return received;
}

Result<Received> take_one(const agent::Origin& origin, const wire::EndStep& message) {
  const auto step = take_step(message.step());
  if (!step) return tl::unexpected(step.error());
  const auto cause = take_cause(message.cause());
  if (!cause) return tl::unexpected(cause.error());
  return of(agent::EndStep{origin, *step, *cause});
}

Result<Received> take_one(const agent::Origin& origin, const wire::Close& message) {
  const auto attempt = take_attempt(message);
  if (!attempt) return tl::unexpected(attempt.error());
  const auto cause = take_cause(message.cause());
  if (!cause) return tl::unexpected(cause.error());
  return of(agent::Close{origin, *attempt, *cause});
}

Result<Received> take_one(const agent::Origin& origin, const wire::TimeLimit& message) {
  const auto attempt = take_attempt(message);
  if (!attempt) return tl::unexpected(attempt.error());
  if (message.limit_us() <= 0) {
    return bad_usage("time limit of " + std::to_string(message.limit_us()) + " us");
  }
  const Duration limit = std::min(Duration{message.limit_us()}, duration_unlimited);
  return of(agent::ChangeLimit{origin, *attempt, limit});
}

Result<Received> take_one(const agent::Origin& origin, const wire::Pause& message) {
  const auto attempt = take_attempt(message);
  if (!attempt) return tl::unexpected(attempt.error());
  return of(agent::Pause{origin, *attempt, message.stands(), Instant{message.as_of_us()}});
}

Result<Received> take_one(const agent::Origin& origin, const wire::StepAck& message) {
  const auto step = take_step(message.step());
  if (!step) return tl::unexpected(step.error());
  return of(agent::StepAck{origin, *step});
}

Result<Received> take_one(const agent::Origin& origin, const wire::ClosedAck& message) {
  const auto attempt = take_attempt(message);
  if (!attempt) return tl::unexpected(attempt.error());
  return of(agent::ClosedAck{origin, *attempt});
}

Result<Received> take_one(const agent::Origin& origin, const wire::Reboot& message) {
  const std::string& program = message.program();
  const bool is_path = program.empty() || program.starts_with('/');
  if (!is_path || program.find('\0') != std::string::npos) {
    return bad_usage("reboot program " + quoted(program) + " is no absolute path");
  }
  if (message.timeout_us() <= 0 || message.timeout_us() > contact_us_max) {
    return bad_usage("reboot timeout of " + std::to_string(message.timeout_us()) + " us");
  }
  if (message.why().find('\0') != std::string::npos) return bad_usage("a reason with a NUL byte");
  Received received;
  received.reboot = RebootOrder{origin, program, microseconds(message.timeout_us()), message.why()};
  return received;
}

Result<Received> take_one(const agent::Origin& origin, const wire::SignalStep& message) {
  constexpr std::int32_t signal_max = 64;
  const auto step = take_step(message.step());
  if (!step) return tl::unexpected(step.error());
  if (message.signal() < 1 || message.signal() > signal_max) {
    return bad_usage("signal " + std::to_string(message.signal()));
  }
  Received received;
  received.signal = SignalOrder{origin, *step, message.signal(), message.first_only(),
                                ClientKey{{message.key_high(), message.key_low()}}};
  return received;
}

Result<Received> take_one(const agent::Origin& origin, const wire::AskProcesses& message) {
  const auto attempt = take_attempt(message);
  if (!attempt) return tl::unexpected(attempt.error());
  Received received;
  received.processes = ProcessesOrder{origin, message.number(), *attempt, {}};
  if (message.has_step()) received.processes->step = StepId{message.step()};
  return received;
}

Result<Received> take_body(wire::ControllerMessage* message) {
  const agent::Origin origin{Epoch{message->epoch()}, Session{message->session()}};
  switch (message->body_case()) {
    case wire::ControllerMessage::kRegistered:
      return take_one(origin, message->registered());
    case wire::ControllerMessage::kTerms:
      return take_one(origin, message->terms());
    case wire::ControllerMessage::kPrepare:
      return take_one(origin, message->mutable_prepare());
    case wire::ControllerMessage::kGo:
      return take_one(origin, message->go());
    case wire::ControllerMessage::kPrepareStep:
      return take_one(origin, message->mutable_prepare_step());
    case wire::ControllerMessage::kEndStep:
      return take_one(origin, message->end_step());
    case wire::ControllerMessage::kClose:
      return take_one(origin, message->close());
    case wire::ControllerMessage::kTimeLimit:
      return take_one(origin, message->time_limit());
    case wire::ControllerMessage::kPause:
      return take_one(origin, message->pause());
    case wire::ControllerMessage::kStepAck:
      return take_one(origin, message->step_ack());
    case wire::ControllerMessage::kClosedAck:
      return take_one(origin, message->closed_ack());
    case wire::ControllerMessage::kReboot:
      return take_one(origin, message->reboot());
    case wire::ControllerMessage::kSignalStep:
      return take_one(origin, message->signal_step());
    case wire::ControllerMessage::kAskProcesses:
      return take_one(origin, message->ask_processes());
    case wire::ControllerMessage::kHeard:
    case wire::ControllerMessage::BODY_NOT_SET:
      break;
  }
  return bad_usage("message of an unknown kind");
}

}  // namespace

std::optional<std::uint64_t> heard_number(const std::string& frame) {
  // The answer to a heartbeat is short; nothing longer is parsed for it.
  constexpr std::size_t bytes_max = 64;
  wire::ControllerMessage message;
  if (frame.size() > bytes_max || !message.ParseFromString(frame) || !message.has_heard()) {
    return std::nullopt;
  }
  return message.heard().number();
}

Result<Received> receive(const std::string& frame) {
  wire::ControllerMessage message;
  if (!message.ParseFromString(frame)) return bad_usage("message cannot be decoded");
  return take_body(&message);
}

}  // namespace cox::noded
