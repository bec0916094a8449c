// See words.h.
#include "cmds/run/words.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/client/wording.h"
#include "cmds/run/run_request.h"

namespace cox::cmds {

void RunWords::job_changed(const wire::JobView& job) {
  const std::string text = wait_text(job);
  if (text.empty() || text == waiting_) return;
  print_error(text);
  waiting_ = text;
}

void RunWords::step_waits(const wire::StepTaken& step) {
  const std::string name = job_name_of(step) + "." + std::to_string(step.step());
  print_error("step " + name + " waits: " + step.waits() + " (see: cox show step " + name + ")");
}

void RunWords::told(const std::string& text) {
  const bool is_binding = text.starts_with("binding on ");
  if (is_binding ? shows_binding_ : is_verbose_) print_error(text);
}

OnSignal RunWords::on_signal(int signal, std::size_t ended_tasks) {
  // A script that sends the signal reads no answer, and will hardly send it twice.
  const bool is_question = signal == SIGINT && interrupts_ == 0 && stderr_is_terminal();
  if (is_question && !is_second_within_a_second()) {
    print_error(status_text(ended_tasks));
    return OnSignal::nothing;
  }
  print_error(++interrupts_ == 1 ? "ending the step; once more kills it" : "killing the step");
  return OnSignal::end_step;
}

/// Of two Ctrl-C the first is a question.
bool RunWords::is_second_within_a_second() {
  const Instant now = wall_now();
  const Instant before = std::exchange(asked_at_, now);
  return before.is_set() && now >= before && now <= before + seconds(1);
}

std::string RunWords::status_text(std::size_t ended_tasks) const {
  const std::size_t ended = std::min<std::size_t>(ended_tasks, ready_.tasks());
  return "step " + job_name_of(ready_) + "." + std::to_string(ready_.step()) + " on " +
         ready_.node_list() + ": " + std::to_string(ready_.tasks() - ended) + " of " +
         std::to_string(ready_.tasks()) + " tasks run; Ctrl-C again within a second ends them";
}

void RunWords::others_end(Duration since_first) {
  print_error("the first task was over " + std::to_string(since_first.us / 1'000'000) +
              " s ago: the others are ended");
}

void RunWords::step_ended(std::uint64_t job, const wire::StepResult& result) {
  const bool has_begun = ready_.job() == job;
  const std::string name = has_begun ? job_name_of(ready_) : std::to_string(job);
  const std::string text = step_end_text(name, result);
  if (!text.empty()) print_error(text);
}

void RunWords::error(const std::string& text) {
  print_error(text);
}

}  // namespace cox::cmds
