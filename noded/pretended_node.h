// A node that is pretended: the agent, the messages and the connection of the real daemon, and in
// the place of containers, files and supervisors nothing but clocks. Many of them are one process.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>

#include "model/topology.h"
#include "noded/agent/agent.h"
#include "noded/contact.h"
#include "noded/controller_link.h"
#include "noded/log.h"
#include "noded/options.h"
#include "noded/plans.h"
#include "noded/pretended_steps.h"
#include "noded/translate.h"
#include "platform/loop.h"

namespace cox::noded {

/// What is alike in all of a process.
struct PretendedPlace {
  std::string dir;
  std::string cluster;  // whose controllers are served; empty: any
  platform::Address controller;
  link::Trust trust;
};

class PretendedNode {
 public:
  /// `settled` runs once: when the node is registered for the first time, or cannot be.
  PretendedNode(platform::Loop& loop,
                const Log& log,
                const PretendedPlace& place,
                NodeInventory inventory,
                std::function<void()> settled);
  PretendedNode(const PretendedNode&) = delete;
  PretendedNode& operator=(const PretendedNode&) = delete;

  void start() { controller_.start(); }

  /// Heartbeats, and whatever is counted in seconds.
  void second_passed();

 private:
  void register_node();
  void take_frame(const std::string& frame);
  void take(Received received);
  void take_registered(Received received);
  void take_prepare(Received received);
  void take_step(Received received);
  void tell_processes(const ProcessesOrder& order);
  void tell(agent::AgentRequest request);
  void settle();

  void run(const agent::MakeContainer& effect);
  void run(const agent::SpawnSupervisor& effect);

  void run(const agent::TellGo& effect) { steps_.go(effect.step); }

  void run(const agent::TellEnd& effect) {
    steps_.end(effect.step, effect.cause, state_.kill_wait);
  }

  void run(const agent::TellLimit& effect);

  void run(const agent::PauseAttempt& effect) { steps_.pause(effect.attempt, effect.stands); }

  void run(const agent::TellForget& effect);

  void run(const agent::KillStep& effect) { steps_.kill(effect.step); }

  void run(const agent::KillAttempt& effect) { steps_.kill_attempt(effect.attempt); }

  void run(const agent::KillSupervisor& effect) { steps_.lose(effect.step, "killed"); }

  void run(const agent::RemoveContainer& effect);

  // What a node remembers is lost with its power, and so with this process: its next boot is
  // another.
  void run(const agent::Remember&) {}

  void run(const agent::RememberEnded&) {}

  void run(const agent::Forget& effect);

  void run(const agent::ReportPrepared& effect) { controller_.send(report_bytes(effect)); }

  void run(const agent::ReportStepPrepared& effect) { controller_.send(report_bytes(effect)); }

  void run(const agent::ReportStepEnded& effect) { controller_.send(report_bytes(effect)); }

  void run(const agent::ReportClosed& effect) { controller_.send(report_bytes(effect)); }

  void run(const agent::ReportStuck& effect) { controller_.send(report_bytes(effect)); }

  platform::Loop& loop_;
  const Log& log_;
  const PretendedPlace& place_;
  NodeInventory inventory_;
  std::function<void()> settled_;
  std::map<AttemptKey, AttemptPlan> plans_;
  PretendedSteps steps_;
  ControllerLink controller_;
  ContactClock contact_;
  agent::AgentState state_;
  std::deque<agent::AgentRequest> requests_;  // told while effects of another are carried out
  bool is_telling_ = false;
};

}  // namespace cox::noded
