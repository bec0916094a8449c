// The node daemon: the agent, and what carries out its effects. All on the loop thread.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "noded/agent/agent.h"
#include "noded/attempt_names.h"
#include "noded/contact.h"
#include "noded/containers.h"
#include "noded/controller_link.h"
#include "noded/forward.h"
#include "noded/health.h"
#include "noded/log.h"
#include "noded/options.h"
#include "noded/orphans.h"
#include "noded/paths.h"
#include "noded/plans.h"
#include "noded/supervisors.h"
#include "noded/translate.h"
#include "noded/user_check.h"
#include "noded/worker.h"
#include "platform/file.h"
#include "platform/inventory.h"
#include "platform/loop.h"
#include "platform/loop_programs.h"
#include "platform/service_manager.h"

namespace cox::noded {

/// What is settled before the loop runs.
struct Setup {
  Options options;
  Paths paths;
  std::string stepd;
  link::Trust trust;
  std::unique_ptr<wire::CredentialSource> credentials;  // of trust
  std::unique_ptr<platform::Machine> machine;
  NodeInventory inventory;
  std::unique_ptr<platform::Containment> containment;
  std::string container_base;  // "CLUSTER/NODE"
  platform::ServiceManager manager;
  std::optional<platform::LockFile> lock;  // of paths.pid_file(); absent in tests
};

class Daemon {
 public:
  Daemon(platform::Loop& loop, Log& log, Setup setup);

  /// Listens for commands, finds again what an earlier daemon left, then registers. Returns at
  /// once. error: the node's socket cannot be made
  Result<void> start();
  /// Leaves supervisors and tasks as they are; without any, the node's container goes too.
  void stop();

 private:
  // Recovery: recovery.cc.
  void recover();
  void read_attempts();
  bool is_supervisor_missing(const std::set<StepKey>& alive) const;
  void recovered(const std::set<StepKey>& alive);
  bool give_up(const StepKey& step);
  void sweep_marks(const std::set<AttemptKey>& known);
  void remove_mark(const StepKey& step);
  void sweep();

  // Messages: daemon.cc.
  void register_node();
  void take_frame(const std::string& frame);
  void take_prepare(Received received);
  void take_step(Received received);
  void take_registered(Received received);
  void take_terms(const ContactTerms& terms);
  void check_files();
  void listen_again();
  void second_passed();
  void disconnected();
  void renew_leases();
  void tell_health(bool is_well, const std::string& reason);
  void start_anew(const RebootOrder& order);
  void signal_step(const SignalOrder& order);
  void tell_processes(const ProcessesOrder& order);  // processes.cc
  UserIdentity user_of(AttemptKey attempt) const;
  void tell(agent::AgentRequest request);
  void supervisor_told(agent::SupervisorStatus status);
  void supervisor_gone(agent::SupervisorGone gone);

  // Effects: effects.cc.
  void run(const agent::MakeContainer& effect);
  void run(const agent::SpawnSupervisor& effect);
  void run(const agent::TellGo& effect);
  void run(const agent::TellEnd& effect);
  void run(const agent::TellLimit& effect);
  void run(const agent::PauseAttempt& effect);
  void run(const agent::TellForget& effect);
  void run(const agent::KillStep& effect);
  void run(const agent::KillAttempt& effect);
  void run(const agent::KillSupervisor& effect);
  void run(const agent::RemoveContainer& effect);
  void run(const agent::Remember& effect);
  void run(const agent::RememberEnded& effect);
  void run(const agent::Forget& effect);
  void run(const agent::ReportPrepared& effect);
  void run(const agent::ReportStepPrepared& effect);
  void run(const agent::ReportStepEnded& effect);
  void run(const agent::ReportClosed& effect);
  void run(const agent::ReportStuck& effect);
  Result<void> make_attempt(const AttemptPlan& plan);
  void end_left_programs();
  void run_prolog(const AttemptPlan& plan);
  void run_epilog(AttemptKey key, const Usage& usage);
  void removed(AttemptKey key, const Usage& usage, const std::string& epilog_failure);
  std::vector<std::string> program_environment(const AttemptPlan& plan, const char* which) const;
  Result<void> make_tmp(const AttemptPlan& plan);
  void remove_tmp(AttemptKey key);
  bool write_ended(AttemptKey key);
  void log_closed(AttemptKey key);
  Result<int> spawn(const AttemptPlan& plan, const agent::SpawnSupervisor& effect);
  platform::ContainerLimits limits(const NodeShare& share) const;
  platform::ContainerLimits step_limits(const NodeShare& part) const;
  void bind(const wire::StepSpec& spec, StepPlace* place) const;
  void hint_gpus(const wire::StepSpec& spec, const NodeShare& share, StepPlace* place) const;
  void put_gpus(const AttemptPlan& plan, const NodeShare& share, StepPlace* place) const;
  Bitset placed(const Bitset& cores) const;

  platform::Loop& loop_;
  Log& log_;
  Setup setup_;
  std::map<AttemptKey, AttemptPlan> plans_;
  AttemptNames names_{plans_};
  Worker lookups_, removals_, looks_;
  platform::Programs programs_;
  HealthCheck health_;
  UserCheck users_;
  Containers containers_;
  Supervisors supervisors_;
  Orphans orphans_;
  ControllerLink controller_;
  Forward forward_;
  ContactClock contact_;
  agent::AgentState state_;
  std::deque<agent::AgentRequest> requests_;  // told while effects of another are carried out
  bool is_telling_ = false;
  std::map<AttemptKey, Error> unwritten_;             // attempts whose file could not be written
  std::map<AttemptKey, bool> remembered_;             // files found at start: is it released
  std::set<AttemptKey> strays_;                       // found at start without a plan
  std::map<StepKey, agent::SupervisorStatus> early_;  // statuses that came before recovery
  std::set<AttemptKey> stuck_told_;
  std::set<AttemptKey> epilogs_;   // that run
  bool is_starting_anew_ = false;  // the program runs
  bool is_recovered_ = false;
  unsigned adoptions_left_ = 0;
  std::string cluster_;  // as the controller says
};

}  // namespace cox::noded
