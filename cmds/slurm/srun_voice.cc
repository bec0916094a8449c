// See srun_voice.h.
#include "cmds/slurm/srun_voice.h"

#include <string.h>

#include <algorithm>
#include <csignal>

#include "cmds/client/submission.h"
#include "cmds/run/run_request.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/bitset.h"
#include "model/job_state.h"
#include "model/time.h"

namespace cox::cmds::slurm {
namespace {

std::string ranks_text(const wire::StepTasksFailed& ends) {
  const std::uint32_t last = *std::max_element(ends.tasks().begin(), ends.tasks().end());
  Bitset ranks(last + 1);
  for (const std::uint32_t task : ends.tasks()) ranks.set(task);
  return (ends.tasks_size() == 1 ? "task " : "tasks ") + ranks.to_ranges();
}

/// "the kernel killed 2 of its processes" has the number.
std::string number_in(const std::string& text) {
  const std::size_t first = text.find_first_of("0123456789");
  if (first == std::string::npos) return "1";
  return text.substr(first, text.find_first_not_of("0123456789", first) - first);
}

}  // namespace

std::string task_end_text(const wire::StepTasksFailed& ends) {
  if (ends.tasks().empty()) return "";
  const char* name = ends.signal() == 0 ? nullptr : ::sigdescr_np(ends.signal());
  const std::string how = ends.signal() == 0
                              ? "Exited with exit code " + std::to_string(ends.exit_code())
                          : name != nullptr ? std::string(name)
                                            : "Signal " + std::to_string(ends.signal());
  return ranks_text(ends) + ": " + how;
}

void SrunVoice::inform(const std::string& text) const {
  if (!options_.is_quiet) say(text);
}

void SrunVoice::job_changed(const wire::JobView& job) {
  const std::string id = std::to_string(job.job());
  const bool waits = job.state() == "PENDING" && !job.reason().empty() && job.reason() != "None";
  if (waits && !has_waited_) inform("job " + id + " queued and waiting for resources");
  has_waited_ = has_waited_ || waits;
}

void SrunVoice::step_waits(const wire::StepTaken& step) {
  step_waited_ = true;
  inform("Job " + std::to_string(step.job()) +
         " step creation temporarily disabled, retrying (Requested nodes are busy)");
}

void SrunVoice::step_begins(const wire::StepReady& ready) {
  ready_ = ready;
  const std::string id = std::to_string(ready.job());
  if (has_waited_) inform("job " + id + " has been allocated resources");
  if (step_waited_) inform("Step created for job " + id);
}

void SrunVoice::told(const std::string& text) {
  const bool is_binding = text.starts_with("binding on ");
  if (is_binding ? options_.shows_binding : options_.is_verbose) say(text);
}

void SrunVoice::tasks_failed(const std::vector<wire::StepTasksFailed>& ends) {
  for (const wire::StepTasksFailed& some : ends) {
    if (some.signal() == SIGKILL) {
      killed_.push_back(some);
    } else {
      say_error(some.node() + ": " + task_end_text(some));
    }
  }
}

void SrunVoice::tell_killed(const char* what) {
  for (const wire::StepTasksFailed& some : killed_) {
    if (!some.tasks().empty()) say_error(some.node() + ": " + ranks_text(some) + ": " + what);
  }
  killed_.clear();
}

OnSignal SrunVoice::on_signal(int signal, std::size_t /*ended_tasks*/) {
  if (signal == SIGTERM || signal == SIGHUP) return OnSignal::pass_on;
  const auto now = std::chrono::steady_clock::now();
  const bool is_second = was_interrupted_ && now - interrupted_ < std::chrono::seconds(1);
  if (signal == SIGQUIT || is_second || options_.quits_on_interrupt) {
    say("sending Ctrl-C to StepId=" + std::to_string(ready_.job()) + "." +
        std::to_string(ready_.step()));
    return OnSignal::end_step;
  }
  was_interrupted_ = true;
  interrupted_ = now;
  const std::string last = std::to_string(ready_.tasks() == 0 ? 0 : ready_.tasks() - 1);
  say("interrupt (one more within 1 sec to abort)");
  say("StepId=" + std::to_string(ready_.job()) + "." + std::to_string(ready_.step()) +
      (ready_.tasks() < 2 ? " task 0" : " tasks 0-" + last) + ": running");
  return OnSignal::nothing;
}

void SrunVoice::others_end(Duration since_first) {
  const std::string seconds = std::to_string(since_first.us / 1'000'000);
  inform("First task exited " + seconds + "s ago");
  inform("Terminating StepId=" + std::to_string(ready_.job()) + "." +
         std::to_string(ready_.step()));
}

void SrunVoice::tell_cancelled(const char* why) const {
  const std::string step = std::to_string(ready_.job()) + "." + std::to_string(ready_.step());
  say_plain("slurmstepd: error: *** STEP " + step + " ON " + first_node(ready_.node_list()) +
            " CANCELLED AT " + date(wall_now().us, "") + why + " ***");
  inform("Force Terminated StepId=" + step);
}

void SrunVoice::step_ended(std::uint64_t job, const wire::StepResult& result) {
  const auto cause = static_cast<EndCause>(result.cause());
  tell_killed(cause == EndCause::out_of_memory ? "Out Of Memory" : "Killed");
  const std::string step = std::to_string(job) + "." + std::to_string(ready_.step());
  switch (cause) {
    case EndCause::cancelled:
      return tell_cancelled("");
    case EndCause::time_limit:
      return tell_cancelled(" DUE TO TIME LIMIT");
    case EndCause::out_of_memory:
      say_plain("slurmstepd: error: Detected " + number_in(result.detail()) +
                " oom-kill event(s) in StepId=" + step +
                ". Some of your processes may have been killed by the cgroup out-of-memory "
                "handler.");
      return;
    case EndCause::node_lost:
    case EndCause::supervisor_lost:
      tell_cancelled(" DUE TO NODE FAILURE, SEE SLURMCTLD LOG FOR DETAILS");
      return error(result.detail());
    case EndCause::bad_exit:
      return inform("Terminating StepId=" + step);
    case EndCause::launch_failed:
      // The shells' codes of a program that cannot be executed are a task's.
      has_failed_itself_ = result.exit_code() != 126 && result.exit_code() != 127;
      return error(result.detail());
    default:
      if (!result.detail().empty()) error(result.detail());
  }
}

void SrunVoice::error(const std::string& text) {
  if (!text.empty()) say_error(text);
}

}  // namespace cox::cmds::slurm
