// One step on one node, from StepStart to StepForget.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/link.h"
#include "noded/stepd/attach_wait.h"
#include "noded/stepd/clients.h"
#include "noded/stepd/files.h"
#include "noded/stepd/lease.h"
#include "noded/stepd/mpi_bridge.h"
#include "noded/stepd/ordered_signals.h"
#include "noded/stepd/outcome.h"
#include "noded/stepd/plan.h"
#include "noded/stepd/program.h"
#include "noded/stepd/step_io.h"
#include "noded/stepd/tasks.h"
#include "noded/stepd/time_limit.h"
#include "noded/stepd/tree.h"
#include "platform/container.h"
#include "platform/loop.h"

namespace cox::wire {
class SignalTasks;
}

namespace cox::stepd {

/// As core's StepPhase: a failed preparation goes from preparing to ended.
enum class Phase : std::uint32_t { preparing = 0, prepared = 1, running = 2, ended = 3 };

/// Whose fault a failed preparation is: the job ends, or tries another node.
enum class Fault : std::uint8_t { of_job = 0, of_node = 1 };

class Supervisor {
 public:
  struct Events {
    /// Phase or result changed: the node daemon should hear.
    std::function<void()> status_changed;
    /// Forgotten, and nobody waits for output any more.
    std::function<void()> finished;
  };

  Supervisor(platform::Loop& loop, StepPlan plan, Events events);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Files, MPI server: what can fail before Go. A failure is a status, not an error.
  void prepare();
  /// Endpoints of the step's supervisors, in node order; empty for a single node.
  void go(const std::vector<std::string>& endpoints);
  /// By order of the node daemon: TERM, KILL after kill_wait. Once: a later daemon, which does not
  /// know what its forerunner said, changes nothing by saying it again.
  void end(EndCause cause);

  /// fence = "self": the tasks may go on for `left`; 0 for ever.
  void renew_lease(Duration left, Duration kill_wait) { lease_.renew(left, kill_wait); }

  /// The job's time limit was changed: how long it may run in all.
  void change_limit(Duration limit) { time_limit_.change(limit); }

  /// The tasks were made to stand still, or to go on.
  void pause(bool stands) { time_limit_.pause(stands); }

  /// By order of the node daemon, to what runs here: at once, or as soon as all programs run.
  void signal(const wire::SignalTasks& order);

  void forget(bool may_client_come);
  /// A preparation that failed outside, as of the socket.
  void fail_preparation(const std::string& why, Fault fault);

  Tree& tree() { return *tree_; }

  Clients& clients() { return *clients_; }

  const StepPlan& plan() const { return plan_; }

  Phase phase() const { return phase_; }

  const StepResult& result() const { return result_; }

  const std::string& failure() const { return failure_; }

  bool is_node_at_fault() const { return fault_ == Fault::of_node; }

 private:
  // prepare.cc
  Result<void> prepare_all();
  Result<void> prepare_mpi(const MpiOffer& offer);
  Result<void> open_pmix();
  void open_container();

  // supervisor.cc
  Result<void> start_tasks();
  Result<std::vector<TaskLaunch>> make_launches();
  void begin_running();
  Result<bool> mark_begin();
  void give_early_signal();
  void signal_everywhere(int signal);
  void signal_here(int signal, bool first_only);
  void begin_end(EndCause cause,
                 const std::string& detail,
                 std::optional<std::uint32_t> heard_from);
  void tell_others(EndCause cause,
                   const std::string& detail,
                   std::int32_t status,
                   std::optional<std::uint32_t> except);
  void end_without_tasks(EndCause cause, const std::string& detail);
  void write_notice(EndCause cause, const std::string& detail);
  void check_finished();

  // ending.cc
  void task_ended(const TaskEnd& end);
  void tell_failure(const TaskEnd& end);
  void tasks_gone();
  void local_result_known();
  void check_step_complete();
  void complete();
  void judge_memory(StepResult* result);
  void judge_mpi(StepResult* result);
  void add_refusals(StepResult* result);
  void tell(const std::string& text);
  void tell_binding();
  void check_bindings();
  void fence(Duration kill_wait);

  // messages of other supervisors
  void on_tree_message(std::uint32_t node, const wire::StepMessage& message);
  void on_node_lost(std::uint32_t node, const std::string& why);

  platform::Loop& loop_;
  const StepPlan plan_;
  Events events_;
  Phase phase_ = Phase::preparing;
  std::unique_ptr<platform::Containment> containment_;
  TaskFiles files_;
  ProgramKind program_;
  std::vector<std::string> environment_;
  std::unique_ptr<Tree> tree_;
  std::unique_ptr<Clients> clients_;
  std::unique_ptr<StepIo> io_;
  std::unique_ptr<Tasks> tasks_;
  std::unique_ptr<MpiBridge> mpi_;
  std::string mpi_missing_;  // why several tasks go without a wire-up server; empty: they do not

  EndCause cause_ = EndCause::none;  // why we end it; the first one wins
  std::string detail_;
  std::string launch_failure_;
  std::string binding_differences_;
  std::int32_t abort_status_ = 0;
  std::vector<TaskEnd> ends_;
  bool local_done_ = false;
  StepResult result_;                                    // of this node
  std::string failure_;                                  // of the preparation
  Fault fault_ = Fault::of_job;                          // of that failure
  std::vector<std::optional<StepResult>> node_results_;  // root
  bool exit_sent_ = false;
  bool forgotten_ = false;
  bool finished_ = false;
  platform::TimerId kill_timer_ = 0, leaves_timer_ = 0, flush_timer_ = 0;
  std::uint32_t flush_pauses_ = 0;
  AttachWait attach_wait_;
  TimeLimit time_limit_;
  OrderedSignals signals_;
  Lease lease_;
};

}  // namespace cox::stepd
