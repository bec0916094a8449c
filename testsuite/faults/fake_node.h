// A node in a fake world: the real agent, and the real text of its files, over simulated
// supervisors and containers. The daemon may be killed and come back (supervisors stay, files as a
// rule), or the machine may (nothing stays and the boot id is new).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "common/bitset.h"
#include "model/topology.h"
#include "noded/agent/agent.h"
#include "noded/plans.h"
#include "testsuite/faults/network.h"
#include "testsuite/faults/rng.h"
#include "testsuite/faults/timeline.h"
#include "testsuite/faults/watch.h"

namespace cox::faults {

inline constexpr std::int64_t node_memory_mib = 4096;  // per NUMA node

/// Parts of a thousand.
struct NodeFaults {
  std::uint64_t container_fails = 0;
  std::uint64_t spawn_fails = 0;      // the supervisor cannot be started
  std::uint64_t step_unprepared = 0;  // the job's own fault: directory, output file
  std::uint64_t ignores_term = 0;     // tasks end only at KILL
  std::uint64_t removal_busy = 0;     // the container is in use for a moment
  std::uint64_t task_stuck = 0;       // tasks do not end before the kernel lets them go
  std::uint64_t supervisor_dies = 0;  // before it has told anything
};

class FakeNode {
 public:
  /// Opens a connection to the controller that stands, if one does: returns what sends on it. What
  /// arrives on it is given to `received`; `closed` is told once.
  using Dial =
      std::function<std::function<void(std::string)>(const std::string& name,
                                                     std::function<void(std::string)> received,
                                                     std::function<void()> closed)>;

  /// `machine` tells two machines of one name apart, for the watcher and as a boot id.
  FakeNode(
      std::string name, std::string machine, Timeline& timeline, Rng rng, Watch& watch, Dial dial);

  NodeFaults faults;

  void start_daemon();
  void kill_daemon();
  /// Some of the files that a next daemon would read are gone.
  void lose_attempt_files();

  /// What the next daemon reports: a node may have lost memory, and get it back.
  void set_memory_mib(std::int64_t per_numa_node) { memory_mib_ = per_numa_node; }

  /// Power gone: tasks, supervisors and the run directory with it.
  void stop_machine();
  /// kill -9 of one supervisor, if there is one.
  void kill_a_supervisor();
  /// The connection breaks without notice on either side until the daemon dials again.
  void cut();
  /// Hears messages of another time, whatever the connection is by then, as long as this daemon
  /// lives.
  std::function<void(const std::string&)> ear();

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
    Bitset cores;  // on which its tasks run
    int exit_code = 0;
    EndCause cause = EndCause::none;
    bool is_stubborn = false;  // TERM does nothing to its tasks
    Instant term_at;
    std::uint64_t ended_by = 0;  // the daemon that asked for the end
    Instant stuck_until;         // nothing ends its tasks before
    std::optional<std::string> failure;
    StepResult result;
  };

  /// What the daemon knows of an attempt.
  struct Known {
    noded::AttemptPlan plan;
    std::uint64_t run_us = 0;
    Bitset cores;
    int exit_code = 0;
  };

  /// One life of the daemon; late answers to an earlier one find it gone.
  struct Daemon {
    agent::AgentState state;
    std::function<void(std::string)> send;
    std::map<AttemptKey, Known> known;
    std::set<StepKey> spawning;            // supervisors that are not there yet
    std::map<StepKey, EndCause> told_end;  // what such a one finds when it is
    std::uint64_t connection = 0;
    std::uint64_t number = 0;  // of this life
  };

  void dial();
  void received(const std::string& bytes);
  void learn(noded::AttemptPlan plan);
  void recover(AttemptKey attempt, const std::string& file);
  void tell(const agent::AgentRequest& request);
  /// Tells the daemon of this life, if it is still there, after a delay.
  void tell_later(Duration delay, agent::AgentRequest request);
  void carry_out(const agent::AgentEffects& effects);
  void report(const std::string& bytes);
  NodeInventory inventory() const;
  void beat();
  void age();

  /// noded/stepd/begin_mark.h: true for the first alone. `begun` says who it was.
  bool set_mark(const StepKey& step, bool begun);
  void run_at_once(const StepKey& step);
  void born_late(const agent::SpawnSupervisor& effect,
                 const Known& known,
                 std::uint64_t machine_life);

  void act(const agent::MakeContainer& effect);
  void act(const agent::SpawnSupervisor& effect);
  void act(const agent::TellGo& effect);
  void act(const agent::TellEnd& effect);
  void act(const agent::TellLimit& effect);
  void act(const agent::PauseAttempt& effect);
  void act(const agent::TellForget& effect);
  void act(const agent::KillStep& effect);
  void act(const agent::KillAttempt& effect);
  void act(const agent::KillSupervisor& effect);
  void act(const agent::RemoveContainer& effect);
  void act(const agent::Remember& effect);
  void act(const agent::RememberEnded& effect);
  void act(const agent::Forget& effect);
  void act(const agent::ReportPrepared& effect);
  void act(const agent::ReportStepPrepared& effect);
  void act(const agent::ReportStepEnded& effect);
  void act(const agent::ReportClosed& effect);
  void act(const agent::ReportStuck& effect);

  void run_tasks(const StepKey& step);
  void end_tasks(const StepKey& step, EndCause cause, int exit_code, int signal);
  void tell_status(const StepKey& step);
  void kill_tasks(const StepKey& step);
  void expect_kill_wait(const StepKey& step);
  bool is_stuck(AttemptKey attempt) const;

  std::string name_;
  std::string machine_;
  std::int64_t memory_mib_ = node_memory_mib;
  Timeline& timeline_;
  Rng rng_;
  Watch& watch_;
  Dial dial_;
  std::uint64_t boot_ = 1;
  std::uint64_t machine_life_ = 1;
  std::uint64_t daemons_ = 0;
  std::map<StepKey, Supervisor> supervisors_;
  std::set<AttemptKey> containers_;
  std::set<AttemptKey> standing_;  // frozen
  std::map<AttemptKey, std::string> files_;
  std::map<StepKey, bool> marks_;  // begun, or given up
  std::shared_ptr<Daemon> daemon_;
};

}  // namespace cox::faults
