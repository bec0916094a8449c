// cox run: tasks now. A step inside an allocation, else allocate, run and release.
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/json.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/views.h"
#include "cmds/run/attachment.h"
#include "cmds/run/conversation.h"
#include "cmds/run/raw_terminal.h"
#include "cmds/run/run_request.h"

namespace cox::cmds {
namespace run_locals {
namespace {

constexpr int end_wait_ms = 10'000;    // between the step's end and the job's
constexpr int untold_wait_ms = 3'000;  // a step that waits no longer says nothing

/// One `cox run` from the request to the exit status.
class Run {
 public:
  Run(Conversation conversation, Signals signals, AttachOptions options)
      : conversation_(std::move(conversation)), signals_(std::move(signals)), options_(options) {}

  /// What became of it, for programs; `status`: what to_end() returned.
  std::string document(int status) const {
    JsonWriter json;
    json.number("job", conversation_.job());
    const auto& ready = conversation_.ready();
    ready ? json.number("step", ready->step()) : json.null("step");
    const auto& job = conversation_.ended();
    job ? json.text("state", job->state()) : json.null("state");
    if (attachment_ && attachment_->result()) {
      const wire::StepResult& result = *attachment_->result();
      const bool has_exited =
          result.signal() == 0 && (result.exit_code() != 0 || step_status(result) == 0);
      write_end(has_exited ? std::optional(result.exit_code()) : std::nullopt, result.signal(),
                &json);
      json.text("why", step_end_text(conversation_.job(), result));
    } else {
      const wire::JobView known = job.value_or(wire::JobView());
      write_end(exit_code_of(known), known.signal(), &json);
      json.text("why", known.why());
    }
    json.number("status", status);
    return json.take();
  }

  Result<int> to_end() {
    auto turned = wait_for_start();
    if (!turned) return Failure(turned.error());
    if (interrupted_ != 0) return 128 + interrupted_;
    if (!attachment_) return status_of_job();
    while (!attachment_->result() && !is_lost_) {
      turned = turn(-1);
      if (!turned) return Failure(turned.error());
    }
    return finish();
  }

 private:
  /// Until the step can be reached, the job ended, or Ctrl-C ended the wait.
  Result<void> wait_for_start() {
    while (true) {
      const auto taken = conversation_.take_answers();
      if (!taken) return taken;
      if (conversation_.ready()) break;
      if (conversation_.ended() || conversation_.is_over()) return {};
      std::array<pollfd, 2> ready = {pollfd{conversation_.descriptor(), POLLIN, 0},
                                     pollfd{signals_.descriptor(), POLLIN, 0}};
      const bool has_wait = !conversation_.step_waits().empty();
      if (::poll(ready.data(), ready.size(), has_wait ? untold_wait_ms : -1) == 0) {
        conversation_.show_step_wait();
      }
      if (const auto signal = signals_.take()) {
        interrupted_ = *signal;
        return conversation_.cancel();
      }
    }
    auto opened = Attachment::open(*conversation_.ready(), options_);
    if (!opened) return lost(opened.error());
    attachment_.emplace(std::move(*opened));
    // From here on keys are the task's, Ctrl-C and Ctrl-Z too.
    if (options_.is_terminal) terminal_ = RawTerminal::open();
    return attachment_->take_output();
  }

  /// Waits for one of the step, the controller, standard input and signals, and serves it.
  Result<void> turn(int time_out_ms) {
    const Attachment::Wants wants = attachment_->wants();
    const short link_events = static_cast<short>(wants.link_writable ? POLLIN | POLLOUT : POLLIN);
    std::array<pollfd, 4> ready = {
        pollfd{wants.link, link_events, 0}, pollfd{wants.input, POLLIN, 0},
        pollfd{signals_.descriptor(), POLLIN, 0}, pollfd{conversation_.descriptor(), POLLIN, 0}};
    ::poll(ready.data(), ready.size(), time_out_ms);
    Result<void> served;
    if ((ready[0].revents & POLLOUT) != 0) served = attachment_->send_input();
    if (served && ready[1].revents != 0) attachment_->read_input();
    if (served) served = serve_signals();
    if (served || ready[0].revents != 0) served = attachment_->take_output();
    if (!served) return lost(served.error());
    return conversation_.take_answers();
  }

  Result<void> serve_signals() {
    while (const auto signal = signals_.take()) {
      if (*signal == SIGINT && interrupts_ == 0 && !is_second_within_a_second()) {
        print_error(status_text());
        continue;
      }
      ++interrupts_;
      if (interrupts_ == 1) {
        print_error("ending the step; once more kills it");
      } else {
        print_error("killing the step");
      }
      const auto sent = attachment_->end_step();
      if (!sent) return sent;
    }
    if (signals_.take_resize() && options_.is_terminal) return attachment_->send_size();
    return {};
  }

  /// Of two Ctrl-C the first is a question.
  bool is_second_within_a_second() {
    const Instant now = wall_now();
    const Instant before = std::exchange(asked_at_, now);
    return before.is_set() && now >= before && now <= before + seconds(1);
  }

  std::string status_text() const {
    const wire::StepReady& ready = *conversation_.ready();
    const std::size_t ended = std::min<std::size_t>(attachment_->ended_tasks(), ready.tasks());
    return "step " + std::to_string(ready.job()) + "." + std::to_string(ready.step()) + " on " +
           ready.node_list() + ": " + std::to_string(ready.tasks() - ended) + " of " +
           std::to_string(ready.tasks()) + " tasks run; Ctrl-C again within a second ends them";
  }

  /// The supervisor is gone: the controller knows why, and says so when the job has ended.
  Result<void> lost(const Error& error) {
    const bool is_told = !conversation_.is_over() || conversation_.ended();
    if (error.code == Code::internal || !is_told) return Failure(error);
    is_lost_ = true;
    lost_why_ = error.message;
    return {};
  }

  /// Waits for the controller's last word, so that the job has ended when this command has.
  Result<int> finish() {
    terminal_.reset();
    while (!conversation_.ended() && !conversation_.is_over()) {
      std::array<pollfd, 2> ready = {pollfd{conversation_.descriptor(), POLLIN, 0},
                                     pollfd{signals_.descriptor(), POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), end_wait_ms) == 0 || signals_.take()) break;
      if (!conversation_.take_answers()) break;
    }
    if (!attachment_ || !attachment_->result()) return status_of_job();
    return report_step(*attachment_->result());
  }

  Result<int> status_of_job() const {
    if (conversation_.ended()) {
      const wire::JobView& job = *conversation_.ended();
      const int status = job_status(job);
      if (status == 0) {
        print_error("job " + std::to_string(job.job()) + " is done, but its output is lost" +
                    (lost_why_.empty() ? "" : ": " + lost_why_));
        return own_failure_status;
      }
      print_error(job_end_text(job));
      // No task ended, so there is no status of one: the failure is this command's own.
      const bool has_outcome = job.signal() != 0 || job.exit_code() != 0;
      return has_outcome ? status : own_failure_status;
    }
    if (conversation_.ended_step()) return status_of_step(*conversation_.ended_step());
    return fail(Code::unreachable,
                lost_why_.empty() ? "the controller ended the conversation" : lost_why_);
  }

  /// Of a step that ended without this command: it never began, or its supervisor was lost.
  Result<int> status_of_step(const wire::StepView& step) const {
    const int status = step_status(step.result());
    const std::string name =
        "step " + std::to_string(conversation_.job()) + "." + std::to_string(step.step());
    if (status == 0) {
      print_error(name + " is done, but its output is lost" +
                  (lost_why_.empty() ? "" : ": " + lost_why_));
      return own_failure_status;
    }
    print_error(name + ": " + step.state() +
                (step.result().detail().empty() ? "" : ": " + step.result().detail()));
    const bool has_outcome = step.result().signal() != 0 || step.result().exit_code() != 0;
    return has_outcome ? status : own_failure_status;
  }

  Result<int> report_step(const wire::StepResult& result) const {
    const std::string text = step_end_text(conversation_.job(), result);
    if (!text.empty()) print_error(text);
    const int status = step_status(result);
    return status == 0 && attachment_->has_lost_output() ? own_failure_status : status;
  }

  Conversation conversation_;
  Signals signals_;
  AttachOptions options_;
  std::optional<Attachment> attachment_;
  std::optional<RawTerminal> terminal_;
  Instant asked_at_;
  int interrupted_ = 0;
  int interrupts_ = 0;
  bool is_lost_ = false;
  std::string lost_why_;
};

Result<int> run(const Parsed& given) {
  auto asked = read_run_request(given);
  if (!asked) return Failure(asked.error());
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  auto conversation = Conversation::start(std::move(*session), std::move(asked->request));
  if (!conversation) return Failure(conversation.error());
  Run steps(std::move(*conversation), std::move(*signals), asked->attach);
  const auto status = steps.to_end();
  if (!status) return Failure(reworded(status.error(), asked->wording));
  if (!given.has("json")) return status;
  const auto printed = print(steps.document(*status));
  if (!printed) return Failure(printed.error());
  return status;
}

}  // namespace
}  // namespace run_locals

const Command run_command{"run",
                          "[OPTIONS] COMMAND [ARGS]",
                          "run tasks now, in a job of their own or in this one",
                          run_options,
                          Operands::end_options,
                          own_failure_status,
                          run_locals::run};

}  // namespace cox::cmds
