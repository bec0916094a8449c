// Checks of registrations and reports.
#include "ctld/translate/node_message.h"

#include <utility>

#include "common/node_list.h"
#include "common/text.h"
#include "wire/model_codec.h"

namespace cox::ctld {

namespace {

// A node holds at most this many attempts, and an attempt this many steps.
constexpr int held_max = 100'000;
constexpr int held_steps_max = 10'000;

Result<core::HeldStep> take_step(const wire::HeldStep& from) {
  if (from.phase() > static_cast<std::uint32_t>(core::StepPhase::ended)) {
    return bad_usage("step phase " + std::to_string(from.phase()) + " is not known");
  }
  if (from.endpoint().size() > wire::text_bytes_max) return bad_usage("an endpoint is too long");
  auto result = wire::take(from.result());
  if (!result) return tl::unexpected(result.error());
  return core::HeldStep{StepId(from.step()), static_cast<core::StepPhase>(from.phase()),
                        from.endpoint(), std::move(*result)};
}

Result<core::HeldAttempt> take_attempt(const wire::HeldAttempt& from) {
  if (from.steps_size() > held_steps_max) {
    return bad_usage(std::to_string(from.steps_size()) +
                     " steps of one job are over the limit of " + std::to_string(held_steps_max));
  }
  core::HeldAttempt held;
  held.job = JobId(from.job());
  held.attempt = Attempt(from.attempt());
  held.prepared = from.prepared();
  held.closing = from.closing();
  for (const wire::HeldStep& step : from.steps()) {
    auto taken = take_step(step);
    if (!taken) return tl::unexpected(taken.error());
    held.steps.push_back(std::move(*taken));
  }
  return held;
}

std::optional<std::string> failure_text(bool failed, const std::string& failure) {
  if (!failed) return std::nullopt;
  return failure.empty() ? "no reason given" : failure.substr(0, wire::text_bytes_max);
}

Result<core::Request> take_report(const wire::Prepared& from, NodeId node, Session session) {
  if (from.endpoint().size() > wire::text_bytes_max) return bad_usage("an endpoint is too long");
  core::ReportPrepared report;
  report.node = node;
  report.session = session;
  report.job = JobId(from.job());
  report.attempt = Attempt(from.attempt());
  report.endpoint = from.endpoint();
  report.failure = failure_text(from.failed(), from.failure());
  report.node_at_fault = from.node_at_fault();
  report.sets_aside = from.sets_aside() && report.failure.has_value();
  return report;
}

Result<core::Request> take_report(const wire::StepPrepared& from, NodeId node, Session session) {
  if (from.endpoint().size() > wire::text_bytes_max) return bad_usage("an endpoint is too long");
  core::ReportStepPrepared report;
  report.node = node;
  report.session = session;
  report.step = wire::take(from.step());
  report.endpoint = from.endpoint();
  report.failure = failure_text(from.failed(), from.failure());
  return report;
}

Result<core::Request> take_report(const wire::StepEnded& from, NodeId node, Session session) {
  auto result = wire::take(from.result());
  if (!result) return tl::unexpected(result.error());
  return core::ReportStepEnded{node, session, wire::take(from.step()), std::move(*result)};
}

Result<core::Request> take_report(const wire::Closed& from, NodeId node, Session session) {
  core::ReportClosed report;
  report.node = node;
  report.session = session;
  report.job = JobId(from.job());
  report.attempt = Attempt(from.attempt());
  report.usage = wire::take(from.usage());
  if (from.has_batch_result()) {
    auto result = wire::take(from.batch_result());
    if (!result) return tl::unexpected(result.error());
    report.batch_result = std::move(*result);
  }
  report.epilog_failure = from.epilog_failure().substr(0, wire::text_bytes_max);
  return report;
}

Result<core::Request> take_report(const wire::Stuck& from, NodeId node, Session session) {
  core::ReportStuck report;
  report.node = node;
  report.session = session;
  report.job = JobId(from.job());
  report.attempt = Attempt(from.attempt());
  report.processes = from.processes();
  report.why = from.detail().substr(0, wire::text_bytes_max);
  return report;
}

core::Request take_report(const wire::RebootFailed& from, NodeId node, Session session) {
  return core::ReportRebootFailed{node, session, *failure_text(true, from.why())};
}

core::Request take_report(const wire::Health& from, NodeId node, Session session) {
  const auto why = failure_text(!from.is_well(), from.reason());
  return core::ReportHealth{node, session, from.is_well(), why.value_or("")};
}

}  // namespace

Result<core::RegisterNode> translate_register(const wire::Register& message,
                                              const std::string& name,
                                              Session session) {
  if (message.held_size() > held_max) {
    return bad_usage(std::to_string(message.held_size()) + " attempts are over the limit of " +
                     std::to_string(held_max));
  }
  auto inventory = wire::take(message.inventory());
  if (!inventory) return tl::unexpected(inventory.error());
  if (inventory->name != name) {
    return bad_usage("node " + quoted(name) + " registers as " + quoted(inventory->name));
  }
  if (!is_node_name(name)) return bad_usage("node name " + quoted(name) + " is not a name");
  inventory->node_class.hash = wire::hash_class(inventory->node_class);
  core::RegisterNode made{session, std::move(*inventory), {}};
  for (const wire::HeldAttempt& attempt : message.held()) {
    auto taken = take_attempt(attempt);
    if (!taken) return tl::unexpected(taken.error());
    made.held.push_back(std::move(*taken));
  }
  return made;
}

Result<core::Request> translate_node(const wire::NodeMessage& message,
                                     NodeId node,
                                     Session session) {
  switch (message.body_case()) {
    case wire::NodeMessage::kHeartbeat:
      return core::Heartbeat{node, session};
    case wire::NodeMessage::kPrepared:
      return take_report(message.prepared(), node, session);
    case wire::NodeMessage::kStepPrepared:
      return take_report(message.step_prepared(), node, session);
    case wire::NodeMessage::kStepEnded:
      return take_report(message.step_ended(), node, session);
    case wire::NodeMessage::kClosed:
      return take_report(message.closed(), node, session);
    case wire::NodeMessage::kStuck:
      return take_report(message.stuck(), node, session);
    case wire::NodeMessage::kHealth:
      return take_report(message.health(), node, session);
    case wire::NodeMessage::kRebootFailed:
      return take_report(message.reboot_failed(), node, session);
    case wire::NodeMessage::kProcesses:
    case wire::NodeMessage::kRegister:
    case wire::NodeMessage::BODY_NOT_SET:
      break;
  }
  return bad_usage("a message that a registered node does not send");
}

}  // namespace cox::ctld
