// Messages of the controller to requests of the agent, and reports of the agent to messages. The
// one place where what arrived from the network becomes checked values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "model/settings.h"
#include "model/topology.h"
#include "noded/agent/agent.h"
#include "noded/contact.h"
#include "noded/plans.h"

namespace cox::noded {

/// What the controller says to a node that shall start anew.
struct RebootOrder {
  agent::Origin origin;
  std::string program;  // empty: none is configured any more
  Duration timeout;
  std::string why;
};

/// A signal for what runs of a step here.
struct SignalOrder {
  agent::Origin origin;
  StepKey step;
  std::int32_t signal = 0;
  bool first_only = false;
  ClientKey key;
};

/// What runs of an attempt here, or of one step of it.
struct ProcessesOrder {
  agent::Origin origin;
  std::uint64_t number = 0;  // of the answer
  AttemptKey attempt;
  std::optional<StepId> step;
};

struct Received {
  agent::AgentRequest request;
  std::optional<AttemptPlan> plan;     // Prepare
  std::optional<wire::StepSpec> spec;  // PrepareStep
  std::string cluster;                 // Registered
  ContactTerms terms;                  // Registered
  ProgramSettings programs;            // Registered
  // One of these: then there is no request.
  std::optional<RebootOrder> reboot;
  std::optional<SignalOrder> signal;
  std::optional<ProcessesOrder> processes;
  std::optional<std::string> refusal;  // Prepare, PrepareStep: what of it cannot be taken
};

/// The number in an answer to a heartbeat; nothing where `frame` is another message.
std::optional<std::uint64_t> heard_number(const std::string& frame);

/// A frame of the controller. error: bad_usage for what cannot be taken; refused when the
/// controller refuses this node, with its reason
Result<Received> receive(const std::string& frame);

std::string register_bytes(const NodeInventory& inventory,
                           const std::vector<agent::HeldAttempt>& held);
/// `number`: asks for an answer; 0 for none.
std::string heartbeat_bytes(std::uint64_t number = 0);
std::string report_bytes(const agent::ReportPrepared& report);
std::string report_bytes(const agent::ReportStepPrepared& report);
std::string report_bytes(const agent::ReportStepEnded& report);
std::string report_bytes(const agent::ReportClosed& report);
std::string report_bytes(const agent::ReportStuck& report);
std::string reboot_failed_bytes(const std::string& why);
std::string health_bytes(bool is_well, const std::string& reason);

/// A frame of a supervisor. error: bad_usage
Result<agent::SupervisorStatus> receive_status(const std::string& frame);
std::string step_go_bytes(const std::vector<std::string>& endpoints);
std::string step_end_bytes(EndCause cause);
std::string step_forget_bytes();
std::string step_limit_bytes(Duration limit);
std::string step_pause_bytes(bool stands);
std::string step_signal_bytes(const SignalOrder& order);
std::string step_lease_bytes(Duration left, Duration kill_wait);

}  // namespace cox::noded
