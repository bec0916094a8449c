// From the end of tasks to the result, on this node and of the whole step.
#include <string.h>

#include <csignal>

#include "noded/stepd/supervisor.h"
#include "wire/model_codec.h"
#include "wire/step.pb.h"

namespace cox::stepd {
namespace {

constexpr std::int32_t own_failure_status = 125;  // interface: a failure that is not the task's
// How much longer than kill_wait the root waits for leaves once the step is being ended.
constexpr Duration leaves_grace = seconds(10);
// How long the client or the root may take for what is still on its way: five minutes.
constexpr Duration flush_pause = milliseconds(20);
constexpr std::uint32_t flush_pauses_max = 15'000;

std::string how_it_ended(const TaskEnd& end, const std::string& node) {
  std::string text = "task " + std::to_string(end.task) + " on " + node;
  if (end.signal == 0) {
    return text + " exited with status " + std::to_string(end.exit_code);
  }
  const char* name = ::sigabbrev_np(end.signal);
  return text + " was killed by signal " + std::to_string(end.signal) +
         (name == nullptr ? "" : std::string(" (SIG") + name + ")");
}

}  // namespace

// To whoever waits for the step: the others may run on for long.
void Supervisor::tell_failure(const TaskEnd& end) {
  if (plan_.is_batch) {
    return;
  }
  wire::StepMessage message;
  wire::StepTasksFailed* failed = message.mutable_tasks_failed();
  failed->set_node(plan_.node_name);
  failed->add_tasks(end.task);
  failed->set_exit_code(end.exit_code);
  failed->set_signal(end.signal);
  if (plan_.is_root()) {
    clients_->tell(message);
  } else {
    tree_->send(0, message);
  }
}

void Supervisor::task_ended(const TaskEnd& end) {
  ends_.push_back(end);
  if (end.failed() && !end.ended_by_us) {
    tell_failure(end);
  }
  const bool others_live = tasks_->running() > 0 || plan_.nodes.size() > 1;
  if (end.failed() && !end.ended_by_us && plan_.kill_on_bad_exit && others_live) {
    const std::string why =
        launch_failure_.empty() ? how_it_ended(end, plan_.node_name) : launch_failure_;
    begin_end(launch_failure_.empty() ? EndCause::bad_exit : EndCause::launch_failed, why,
              std::nullopt);
  }
  if (!end.failed() && !end.ended_by_us && plan_.kill_on_bad_exit && others_live &&
      mpi_ != nullptr) {
    mpi_->task_left(plan_.local_of(end.task));
  }
}

// Nothing may be left when the controller takes the node for lost: an end that is under way already
// gets the shorter wait, too.
void Supervisor::fence(Duration kill_wait) {
  begin_end(EndCause::node_lost, "the controller was not heard for too long", std::nullopt);
  if (tasks_ == nullptr || local_done_) {
    return;
  }
  loop_.cancel(kill_timer_);
  kill_timer_ = loop_.after(kill_wait, [this] { tasks_->kill(); });
}

void Supervisor::tasks_gone() {
  time_limit_.stop();
  loop_.cancel(kill_timer_);
  io_->tasks_gone();
  EndCause cause = cause_ == EndCause::none ? EndCause::finished : cause_;
  if (!launch_failure_.empty() && (cause == EndCause::finished || cause == EndCause::bad_exit)) {
    cause = EndCause::launch_failed;
  }
  result_ = merge_tasks(ends_, cause);
  result_.detail = launch_failure_.empty() ? detail_ : launch_failure_;
  if (cause == EndCause::launch_failed && exit_status(result_) == 0) {
    result_.exit_code = own_failure_status;
  }
  if (abort_status_ != 0 && exit_status(result_) == 0) {
    result_.exit_code = abort_status_ & 0xff;
  }
  result_.usage = tasks_->usage();
  judge_memory(&result_);
  judge_mpi(&result_);
  if (!binding_differences_.empty()) {
    result_.detail += (result_.detail.empty() ? "" : "; ") + binding_differences_;
  }
  if (cause_ == EndCause::none && result_.cause != EndCause::finished) {
    write_notice(result_.cause, result_.detail);
  }
  local_result_known();
}

// The kernel's counters tell an end for lack of memory from any other SIGKILL. They are certain, so
// a script that goes on after one of its programs was killed does not hide it.
void Supervisor::judge_memory(StepResult* result) {
  if (containment_ == nullptr) {
    return;
  }
  const auto used = containment_->memory_usage(plan_.container);
  if (!used) {
    return;
  }
  if (used->usage.memory_peak_bytes > 0) {
    result->usage.memory_peak_bytes = used->usage.memory_peak_bytes;
  }
  const bool may_explain =
      result->cause == EndCause::finished || result->cause == EndCause::bad_exit;
  if (used->oom_kills > 0 && may_explain) {
    result->cause = EndCause::out_of_memory;
    result->detail = "the kernel killed " + std::to_string(used->oom_kills) + " of its processes";
  }
}

// What tasks were refused is mostly why they failed.
void Supervisor::add_refusals(StepResult* result) {
  const std::string refused = mpi_ == nullptr ? "" : mpi_->refusals();
  const bool has_failed = result->cause == EndCause::bad_exit || exit_status(*result) != 0;
  if (!refused.empty() && has_failed && result->detail.find(refused) == std::string::npos) {
    result->detail += (result->detail.empty() ? "" : "; ") + refused;
  }
}

// An MPI library that finds no server starts each task as a world of its own, and exits with 0.
void Supervisor::judge_mpi(StepResult* result) {
  const bool went_well = result->cause == EndCause::finished && exit_status(*result) == 0;
  const bool may_explain =
      result->cause == EndCause::finished || result->cause == EndCause::bad_exit;
  if (!mpi_missing_.empty() && !went_well && may_explain) {
    result->detail += (result->detail.empty() ? "" : "; ") +
                      ("an mpi program could not have started: " + mpi_missing_);
  }
  add_refusals(result);
  // Behind a script nobody sees what is linked; who names a server says that it is an MPI program.
  const bool is_named = plan_.mpi != MpiKind::automatic && plan_.mpi != MpiKind::none;
  const bool is_mpi = program_.links_mpi || (is_named && program_.runs_others);
  if (!went_well || plan_.tasks < 2 || !is_mpi || plan_.mpi == MpiKind::none ||
      (mpi_ != nullptr && mpi_->connected_ranks() > 0)) {
    return;
  }
  result->cause = EndCause::launch_failed;
  result->exit_code = own_failure_status;
  result->detail = "mpi program ran as " + std::to_string(plan_.tasks) + " singletons: " +
                   (mpi_ == nullptr ? "libcoxpmix.so is not installed"
                                    : "no task connected to the " + mpi_->servers_text());
}

void Supervisor::end_without_tasks(EndCause cause, const std::string& detail) {
  if (local_done_) {
    return;
  }
  time_limit_.stop();
  result_ = StepResult();
  result_.cause = cause;
  result_.detail = detail;
  result_.exit_code = cause == EndCause::launch_failed ? own_failure_status : 0;
  if (phase_ == Phase::running) {
    tell_others(cause, detail, 0, std::nullopt);
  }
  local_result_known();
}

void Supervisor::local_result_known() {
  local_done_ = true;
  node_results_[plan_.node_index] = result_;
  if (tasks_ == nullptr && phase_ == Phase::running) {
    io_->never_started();
  }
  if (plan_.is_root() && phase_ == Phase::running) {
    check_step_complete();
    return;
  }
  if (phase_ == Phase::running) {
    wire::StepMessage message;
    message.mutable_leaf_result()->set_node_index(plan_.node_index);
    wire::put(result_, message.mutable_leaf_result()->mutable_result());
    tree_->send(0, message);
  }
  complete();
}

// The root reports its end after all leaves: it is their way to the client and to each other.
void Supervisor::check_step_complete() {
  if (!local_done_ || phase_ != Phase::running) {
    return;
  }
  for (std::uint32_t node = 1; node < plan_.nodes.size(); ++node) {
    if (node_results_[node]) {
      continue;
    }
    if (cause_ != EndCause::none && leaves_timer_ == 0) {
      leaves_timer_ = loop_.after(plan_.kill_wait + leaves_grace, [this] {
        for (std::uint32_t late = 1; late < plan_.nodes.size(); ++late) {
          if (!node_results_[late]) {
            tree_->lose(late, "its result did not come");
          }
        }
      });
    }
    return;
  }
  complete();
}

void Supervisor::complete() {
  const bool has_run = phase_ == Phase::running;
  phase_ = Phase::ended;
  loop_.cancel(leaves_timer_);
  if (!has_run) {
    tree_->abandon();
    io_->never_ran();
  }
  events_.status_changed();
  check_finished();
}

// The exit goes to the client after the last of the output, and we go after the client has both.
void Supervisor::check_finished() {
  if (phase_ != Phase::ended || finished_ || !io_->is_done()) {
    return;
  }
  if (!exit_sent_) {
    StepResult merged = node_results_.front().value_or(result_);
    for (std::size_t node = 1; node < node_results_.size(); ++node) {
      merged = node_results_[node] ? merge_nodes(merged, *node_results_[node]) : merged;
    }
    add_refusals(&merged);
    clients_->finish(merged);
    exit_sent_ = true;
  }
  if (!forgotten_ || io_->awaits_owner()) {
    return;
  }
  if (tree_->has_children() && !plan_.is_root()) {
    return;  // we are their way
  }
  // What a client sends to a connection that is closed breaks it, and what it has not read is lost.
  if (tree_->queued_bytes() == 0 && !clients_->has_owner()) {
    finished_ = true;
    loop_.cancel(flush_timer_);
    events_.finished();
    return;
  }
  flush_pauses_ += 1;
  if (flush_pauses_ > flush_pauses_max) {
    finished_ = true;
    events_.finished();
    return;
  }
  loop_.cancel(flush_timer_);
  flush_timer_ = loop_.after(flush_pause, [this] { check_finished(); });
}

}  // namespace cox::stepd
