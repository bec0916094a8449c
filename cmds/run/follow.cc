// See follow.h. Waits for one of the step, the controller, standard input and signals at a time.
#include "cmds/run/follow.h"

#include <poll.h>

#include <algorithm>
#include <array>

#include "cmds/client/job_end.h"
#include "cmds/client/json.h"
#include "cmds/client/views.h"
#include "cmds/run/run_request.h"

namespace cox::cmds {
namespace {

constexpr int end_wait_ms = 10'000;    // between the step's end and the job's
constexpr int untold_wait_ms = 3'000;  // a step that waits no longer says nothing

/// -1: never.
int remaining_ms(const std::optional<std::chrono::steady_clock::time_point>& until) {
  if (!until) return -1;
  const auto left = *until - std::chrono::steady_clock::now();
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::max<std::int64_t>(whole, 0));
}

}  // namespace

std::string Run::document(int status) const {
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
    json.text("why", step_end_text(conversation_.job_name(), result));
  } else {
    const wire::JobView known = job.value_or(wire::JobView());
    write_end(exit_code_of(known), known.signal(), &json);
    json.text("why", known.why());
  }
  json.number("status", status);
  return json.take();
}

Result<int> Run::to_end() {
  auto turned = wait_for_start();
  if (!turned) return Failure(turned.error());
  if (interrupted_ != 0) return 128 + interrupted_;
  if (has_given_up_) return own_failure_status;
  if (!attachment_) return is_lost_ ? finish() : status_of_job();
  while (!attachment_->result() && !is_lost_) {
    turned = turn(left_for_others_ms());
    if (turned) turned = end_others_in_time();
    if (!turned) return Failure(turned.error());
  }
  return finish();
}

void Run::give_up_after(Duration wait) {
  give_up_at_ = std::chrono::steady_clock::now() + std::chrono::microseconds(wait.us);
}

int Run::left_until_giving_up_ms() const {
  return remaining_ms(give_up_at_);
}

int Run::left_for_others_ms() const {
  return has_ended_others_ ? -1 : remaining_ms(others_end_at_);
}

Result<void> Run::end_others_in_time() {
  if (!wait_after_first_ || has_ended_others_ || !attachment_->has_ended_task()) return {};
  if (!others_end_at_) {
    others_end_at_ =
        std::chrono::steady_clock::now() + std::chrono::microseconds(wait_after_first_->us);
  }
  if (left_for_others_ms() != 0 || attachment_->result()) return {};
  has_ended_others_ = true;
  voice_.others_end(*wait_after_first_);
  return attachment_->end_step();
}

/// Until the step can be reached, the job ended, or Ctrl-C ended the wait.
Result<void> Run::wait_for_start() {
  while (true) {
    const auto taken = conversation_.take_answers();
    if (!taken) return taken;
    if (conversation_.ready()) break;
    if (conversation_.ended() || conversation_.is_over()) return {};
    std::array<pollfd, 2> ready = {pollfd{conversation_.descriptor(), POLLIN, 0},
                                   pollfd{signals_.descriptor(), POLLIN, 0}};
    const bool has_wait = !conversation_.step_waits().empty();
    const int left = left_until_giving_up_ms();
    if (left == 0) {
      has_given_up_ = true;
      return conversation_.cancel();
    }
    const int time_out_ms = left > 0 ? left : has_wait ? untold_wait_ms : -1;
    if (::poll(ready.data(), ready.size(), time_out_ms) == 0) conversation_.tell_step_wait();
    if (const auto signal = signals_.take()) {
      interrupted_ = *signal;
      return conversation_.cancel();
    }
  }
  voice_.step_begins(*conversation_.ready());
  auto opened = Attachment::open(*conversation_.ready(), options_, voice_);
  if (!opened) return lost(opened.error());
  attachment_.emplace(std::move(*opened));
  // From here on keys are the task's, Ctrl-C and Ctrl-Z too.
  if (options_.is_terminal) terminal_ = RawTerminal::open();
  return attachment_->take_output();
}

/// Waits for one of the step, the controller, standard input and signals, and serves it.
Result<void> Run::turn(int time_out_ms) {
  const Attachment::Wants wants = attachment_->wants();
  const short link_events = static_cast<short>(wants.link_writable ? POLLIN | POLLOUT : POLLIN);
  std::array<pollfd, 4> ready = {pollfd{wants.link, link_events, 0}, pollfd{wants.input, POLLIN, 0},
                                 pollfd{signals_.descriptor(), POLLIN, 0},
                                 pollfd{conversation_.descriptor(), POLLIN, 0}};
  ::poll(ready.data(), ready.size(), time_out_ms);
  Result<void> served;
  if ((ready[0].revents & POLLOUT) != 0) served = attachment_->send_input();
  if (served && ready[1].revents != 0) attachment_->read_input();
  if (served) served = serve_signals();
  if (served || ready[0].revents != 0) served = attachment_->take_output();
  if (!served) return lost(served.error());
  return conversation_.take_answers();
}

Result<void> Run::serve_signals() {
  while (const auto signal = signals_.take()) {
    Result<void> sent;
    switch (voice_.on_signal(*signal, attachment_->ended_tasks())) {
      case OnSignal::end_step:
        sent = attachment_->end_step();
        break;
      case OnSignal::pass_on:
        sent = attachment_->signal_tasks(*signal);
        break;
      case OnSignal::nothing:
        break;
    }
    if (!sent) return sent;
  }
  if (signals_.take_resize() && options_.is_terminal) return attachment_->send_size();
  return {};
}

/// The supervisor is gone: the controller knows why, and says so when the job has ended.
Result<void> Run::lost(const Error& error) {
  const bool is_told = !conversation_.is_over() || conversation_.ended();
  if (error.code == Code::internal || !is_told) return Failure(error);
  is_lost_ = true;
  lost_why_ = error.message;
  return {};
}

/// Waits for the controller's last word, so that the job has ended when this command has.
Result<int> Run::finish() {
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

Result<int> Run::status_of_job() const {
  if (conversation_.ended()) {
    const wire::JobView& job = *conversation_.ended();
    const int status = job_status(job);
    if (status == 0 && options_.has_files) return 0;
    if (status == 0) {
      voice_.error("job " + id_text(job) + " is done, but its output is lost" +
                   (lost_why_.empty() ? "" : ": " + lost_why_));
      return own_failure_status;
    }
    voice_.error(job_end_text(job));
    // No task ended, so there is no status of one: the failure is this command's own.
    const bool has_outcome = job.signal() != 0 || job.exit_code() != 0;
    return has_outcome ? status : own_failure_status;
  }
  if (conversation_.ended_step()) return status_of_step(*conversation_.ended_step());
  return fail(Code::unreachable,
              lost_why_.empty() ? "the controller ended the conversation" : lost_why_);
}

/// Of a step that ended without this command: it never began, or its supervisor was lost.
Result<int> Run::status_of_step(const wire::StepView& step) const {
  const int status = step_status(step.result());
  const std::string name = "step " + conversation_.job_name() + "." + std::to_string(step.step());
  if (status == 0 && options_.has_files) return 0;
  if (status == 0) {
    voice_.error(name + " is done, but its output is lost" +
                 (lost_why_.empty() ? "" : ": " + lost_why_));
    return own_failure_status;
  }
  voice_.error(name + ": " + step.state() +
               (step.result().detail().empty() ? "" : ": " + step.result().detail()));
  const bool has_outcome = step.result().signal() != 0 || step.result().exit_code() != 0;
  return has_outcome ? status : own_failure_status;
}

Result<int> Run::report_step(const wire::StepResult& result) const {
  voice_.step_ended(conversation_.job(), result);
  const int status = step_status(result);
  return status == 0 && attachment_->has_lost_output() ? own_failure_status : status;
}

}  // namespace cox::cmds
