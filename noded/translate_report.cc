// Node to controller, and the few messages between the daemon and its supervisors.
#include <utility>

#include "common/text.h"
#include "noded/translate.h"
#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::noded {
namespace {

// Texts cross the wire whole or cut, never refused for their length.
std::string clipped(const std::string& text) {
  return text.substr(0, wire::text_bytes_max);
}

StepResult clipped(StepResult result) {
  result.detail = clipped(result.detail);
  return result;
}

void put_held(const agent::HeldAttempt& from, wire::HeldAttempt* to) {
  to->set_job(from.attempt.job.value);
  to->set_attempt(from.attempt.attempt.value);
  to->set_prepared(from.prepared);
  to->set_closing(from.closing);
  for (const agent::HeldStep& step : from.steps) {
    wire::HeldStep* held = to->add_steps();
    held->set_step(step.step.value);
    held->set_phase(static_cast<std::uint32_t>(step.phase));
    held->set_endpoint(step.endpoint);
    wire::put(clipped(step.result), held->mutable_result());
  }
}

}  // namespace

std::string register_bytes(const NodeInventory& inventory,
                           const std::vector<agent::HeldAttempt>& held) {
  wire::NodeMessage message;
  wire::put(inventory, message.mutable_register_()->mutable_inventory());
  for (const agent::HeldAttempt& one : held) {
    put_held(one, message.mutable_register_()->add_held());
  }
  return message.SerializeAsString();
}

std::string heartbeat_bytes(std::uint64_t number) {
  wire::NodeMessage message;
  message.mutable_heartbeat()->set_number(number);
  return message.SerializeAsString();
}

std::string report_bytes(const agent::ReportPrepared& report) {
  wire::NodeMessage message;
  wire::Prepared* to = message.mutable_prepared();
  to->set_job(report.attempt.job.value);
  to->set_attempt(report.attempt.attempt.value);
  to->set_endpoint(report.endpoint);
  to->set_failed(report.failure.has_value());
  if (report.failure) to->set_failure(clipped(*report.failure));
  to->set_node_at_fault(report.node_at_fault);
  to->set_sets_aside(report.sets_aside);
  return message.SerializeAsString();
}

std::string report_bytes(const agent::ReportStepPrepared& report) {
  wire::NodeMessage message;
  wire::StepPrepared* to = message.mutable_step_prepared();
  wire::put(report.step, to->mutable_step());
  to->set_endpoint(report.endpoint);
  to->set_failed(report.failure.has_value());
  if (report.failure) to->set_failure(clipped(*report.failure));
  return message.SerializeAsString();
}

std::string report_bytes(const agent::ReportStepEnded& report) {
  wire::NodeMessage message;
  wire::put(report.step, message.mutable_step_ended()->mutable_step());
  wire::put(clipped(report.result), message.mutable_step_ended()->mutable_result());
  return message.SerializeAsString();
}

std::string report_bytes(const agent::ReportClosed& report) {
  wire::NodeMessage message;
  wire::Closed* to = message.mutable_closed();
  to->set_job(report.attempt.job.value);
  to->set_attempt(report.attempt.attempt.value);
  wire::put(report.usage, to->mutable_usage());
  if (report.batch_result) wire::put(clipped(*report.batch_result), to->mutable_batch_result());
  to->set_epilog_failure(clipped(report.epilog_failure));
  return message.SerializeAsString();
}

std::string report_bytes(const agent::ReportStuck& report) {
  wire::NodeMessage message;
  wire::Stuck* to = message.mutable_stuck();
  to->set_job(report.attempt.job.value);
  to->set_attempt(report.attempt.attempt.value);
  to->set_processes(report.processes);
  to->set_detail(clipped(report.why));
  return message.SerializeAsString();
}

std::string reboot_failed_bytes(const std::string& why) {
  wire::NodeMessage message;
  message.mutable_reboot_failed()->set_why(clipped(why));
  return message.SerializeAsString();
}

std::string health_bytes(bool is_well, const std::string& reason) {
  wire::NodeMessage message;
  message.mutable_health()->set_is_well(is_well);
  message.mutable_health()->set_reason(clipped(reason));
  return message.SerializeAsString();
}

Result<agent::SupervisorStatus> receive_status(const std::string& frame) {
  wire::StepMessage message;
  if (!message.ParseFromString(frame) || !message.has_status()) {
    return fail(Code::bad_usage, "message of a supervisor is not a status");
  }
  const wire::StepStatus& from = message.status();
  if (from.phase() > static_cast<std::uint32_t>(agent::StepPhase::ended)) {
    return fail(Code::bad_usage, "unknown step phase " + std::to_string(from.phase()));
  }
  auto result = wire::take(from.result());
  if (!result) return tl::unexpected(result.error());
  agent::SupervisorStatus status;
  status.step = {JobId{from.job()}, Attempt{from.attempt()}, StepId{from.step()}};
  status.phase = static_cast<agent::StepPhase>(from.phase());
  status.endpoint = from.endpoint();
  if (!from.failure().empty()) status.failure = from.failure();
  status.node_at_fault = from.node_at_fault();
  status.result = std::move(*result);
  return status;
}

std::string step_go_bytes(const std::vector<std::string>& endpoints) {
  wire::StepMessage message;
  for (const std::string& endpoint : endpoints) message.mutable_go()->add_endpoints(endpoint);
  message.mutable_go();
  return message.SerializeAsString();
}

std::string step_end_bytes(EndCause cause) {
  wire::StepMessage message;
  message.mutable_end()->set_cause(static_cast<std::uint32_t>(cause));
  return message.SerializeAsString();
}

std::string step_forget_bytes() {
  wire::StepMessage message;
  message.mutable_forget();
  return message.SerializeAsString();
}

std::string step_signal_bytes(const SignalOrder& order) {
  wire::StepMessage message;
  message.mutable_signal()->set_signal(order.signal);
  message.mutable_signal()->set_first_only(order.first_only);
  message.mutable_signal()->set_key_high(order.key.words[0]);
  message.mutable_signal()->set_key_low(order.key.words[1]);
  return message.SerializeAsString();
}

std::string step_limit_bytes(Duration limit) {
  wire::StepMessage message;
  message.mutable_limit()->set_limit_us(limit.us);
  return message.SerializeAsString();
}

std::string step_pause_bytes(bool stands) {
  wire::StepMessage message;
  message.mutable_pause()->set_stands(stands);
  return message.SerializeAsString();
}

std::string step_lease_bytes(Duration left, Duration kill_wait) {
  wire::StepMessage message;
  message.mutable_lease()->set_left_us(left.us);
  message.mutable_lease()->set_kill_wait_us(kill_wait.us);
  return message.SerializeAsString();
}

}  // namespace cox::noded
