// Messages of the controller to requests of the agent, and reports of the agent to messages. The
// one place where what arrived from the network becomes checked values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/topology.h"
#include "noded/agent/agent.h"
#include "noded/plans.h"

namespace cox::noded {

struct Received {
  agent::AgentRequest request;
  std::optional<AttemptPlan> plan;     // Prepare
  std::optional<wire::StepSpec> spec;  // PrepareStep
  std::string cluster;                 // Registered
  std::optional<std::string> refusal;  // Prepare, PrepareStep: what of it cannot be taken
};

/// A frame of the controller. error: bad_usage for what cannot be taken; refused when the
/// controller refuses this node, with its reason
Result<Received> receive(const std::string& frame);

std::string register_bytes(const NodeInventory& inventory,
                           const std::vector<agent::HeldAttempt>& held);
std::string heartbeat_bytes();
std::string report_bytes(const agent::ReportPrepared& report);
std::string report_bytes(const agent::ReportStepPrepared& report);
std::string report_bytes(const agent::ReportStepEnded& report);
std::string report_bytes(const agent::ReportClosed& report);

/// A frame of a supervisor. error: bad_usage
Result<agent::SupervisorStatus> receive_status(const std::string& frame);
std::string step_go_bytes(const std::vector<std::string>& endpoints);
std::string step_end_bytes(EndCause cause);
std::string step_forget_bytes();

}  // namespace cox::noded
