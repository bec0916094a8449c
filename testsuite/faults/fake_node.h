// A node in a fake world: the real agent over simulated supervisors, containers and files. The
// daemon may be killed and come back (supervisors and files stay), or the machine may (nothing
// stays and the boot id is new).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "model/topology.h"
#include "noded/agent/agent.h"
#include "noded/plans.h"
#include "testsuite/faults/network.h"
#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"
#include "testsuite/faults/watch.h"

namespace cox::faults {

/// Parts of a thousand.
struct NodeFaults {
  std::uint64_t container_fails = 0;
  std::uint64_t spawn_fails = 0;      // the supervisor cannot be started
  std::uint64_t step_unprepared = 0;  // the job's own fault: directory, output file
  std::uint64_t ignores_term = 0;     // tasks end only at KILL
  std::uint64_t removal_busy = 0;     // processes survive KILL for a while
};

class FakeNode {
 public:
  /// Opens a connection to the controller that stands, if one does: returns what sends on it. What
  /// arrives on it is given to `received`; `closed` is told once.
  using Dial =
      std::function<std::function<void(std::string)>(const std::string& name,
                                                     std::function<void(std::string)> received,
                                                     std::function<void()> closed)>;

  FakeNode(std::string name, Timeline& timeline, Rng rng, Watch& watch, Dial dial);

  NodeFaults faults;

  void start_daemon();
  void kill_daemon();
  /// Power gone: tasks, supervisors and the run directory with it.
  void stop_machine();
  /// kill -9 of one supervisor, if there is one.
  void kill_a_supervisor();
  /// The connection breaks without notice on either side until the daemon dials again.
  void cut();

  bool is_daemon_up() const { return daemon_ != nullptr; }

  const std::string& name() const { return name_; }

  const agent::AgentState& agent() const;
  /// Nothing of any job is left here.
  std::string leftovers() const;

 private:
  struct Supervisor {
    agent::StepPhase phase = agent::StepPhase::preparing;
    bool alive = true;
    bool tasks_alive = false;
    std::uint64_t run_us = 0;
    int exit_code = 0;
    EndCause cause = EndCause::none;
    std::optional<std::string> failure;
    StepResult result;
  };

  /// What an attempt file holds, and what the daemon knows of the job.
  struct Known {
    std::optional<StepId> initial;
    bool go_at_once = false;
    bool released = false;
    std::uint64_t run_us = 0;
    int exit_code = 0;
  };

  /// One life of the daemon; late answers to an earlier one find it gone.
  struct Daemon {
    agent::AgentState state;
    std::function<void(std::string)> send;
    std::map<AttemptKey, Known> known;
    std::uint64_t connection = 0;
  };

  void dial();
  void received(const std::string& bytes);
  void learn(const noded::AttemptPlan& plan);
  void tell(const agent::AgentRequest& request);
  /// Tells the daemon of this life, if it is still there, after a delay.
  void tell_later(Duration delay, agent::AgentRequest request);
  void carry_out(const agent::AgentEffects& effects);
  void report(const std::string& bytes);
  NodeInventory inventory() const;
  void beat();
  void age();

  void act(const agent::MakeContainer& effect);
  void act(const agent::SpawnSupervisor& effect);
  void act(const agent::TellGo& effect);
  void act(const agent::TellEnd& effect);
  void act(const agent::TellForget& effect);
  void act(const agent::KillStep& effect);
  void act(const agent::KillAttempt& effect);
  void act(const agent::KillSupervisor& effect);
  void act(const agent::RemoveContainer& effect);
  void act(const agent::Remember& effect);
  void act(const agent::Forget& effect);
  void act(const agent::ReportPrepared& effect);
  void act(const agent::ReportStepPrepared& effect);
  void act(const agent::ReportStepEnded& effect);
  void act(const agent::ReportClosed& effect);

  void run_tasks(const StepKey& step);
  void end_tasks(const StepKey& step, EndCause cause, int exit_code, int signal);
  void tell_status(const StepKey& step);
  void kill_tasks(const StepKey& step);

  std::string name_;
  Timeline& timeline_;
  Rng rng_;
  Watch& watch_;
  Dial dial_;
  std::uint64_t boot_ = 1;
  std::uint64_t machine_life_ = 1;
  std::map<StepKey, Supervisor> supervisors_;
  std::set<AttemptKey> containers_;
  std::map<AttemptKey, Known> files_;
  std::shared_ptr<Daemon> daemon_;
};

}  // namespace cox::faults
