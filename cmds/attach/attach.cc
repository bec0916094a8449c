// cox attach: the output of a step that runs, and where it has a terminal the keys as well. The
// step does not depend on whoever looks on.
#include <poll.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "cmds/run/attachment.h"
#include "cmds/run/raw_terminal.h"
#include "cmds/run/run_request.h"
#include "cmds/run/signals.h"
#include "cmds/run/words.h"
#include "common/text.h"

namespace cox::cmds {
namespace attach_locals {
namespace {

constexpr int node_pause_ms = 50, node_patience_ms = 10'000;

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"read-only", 'r', "", "look on, type nothing"},
      OptionSpec{"label", 0, "SELECTOR", "your job that runs with such labels"},
      OptionSpec{"label-output", 'l', "", "each line begins with its task's rank"},
      OptionSpec{"output-of", 0, "TASK", "of standard output only what this task writes"},
      OptionSpec{"error-of", 0, "TASK", "of standard error only what this task writes"},
      cluster_option,
      help_option};
  return table;
}

/// From the connection to the end of the step, or until we leave.
class Onlooker {
 public:
  Onlooker(Attachment attachment, Signals signals, bool may_type)
      : attachment_(std::move(attachment)), signals_(std::move(signals)), may_type_(may_type) {
    if (may_type_) terminal_ = RawTerminal::open();
  }

  Result<void> look_on() {
    while (!attachment_.result() && !has_left_) {
      const Attachment::Wants wants = attachment_.wants();
      const short events = static_cast<short>(wants.link_writable ? POLLIN | POLLOUT : POLLIN);
      std::array<pollfd, 3> ready = {pollfd{wants.link, events, 0},
                                     pollfd{may_type_ ? wants.input : -1, POLLIN, 0},
                                     pollfd{signals_.descriptor(), POLLIN, 0}};
      ::poll(ready.data(), ready.size(), -1);
      Result<void> served;
      if ((ready[0].revents & POLLOUT) != 0) served = attachment_.send_input();
      if (served && ready[1].revents != 0) attachment_.read_input();
      has_left_ = signals_.take().has_value() || attachment_.wants_to_leave();
      if (served && signals_.take_resize() && may_type_) served = attachment_.send_size();
      if (served || ready[0].revents != 0) served = attachment_.take_output();
      if (!served) return served;
    }
    return {};
  }

  bool has_left() const { return has_left_; }

  /// Puts our terminal back.
  const std::optional<wire::StepResult>& finish() {
    terminal_.reset();
    return attachment_.result();
  }

 private:
  Attachment attachment_;
  Signals signals_;
  bool may_type_;
  bool has_left_ = false;
  std::optional<RawTerminal> terminal_;
};

Result<wire::StepReady> find_step(const Parsed& given, const JobName& name) {
  wire::ClientRequest request;
  wire::AttachStep& ask = *request.mutable_attach_step();
  if (name.elements.empty()) {
    ask.set_job(name.job.value);
  } else {
    put_elements(name, ask.mutable_element());
  }
  if (name.step) ask.set_step(name.step->value);
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  // A step that has just begun, or a controller that has: its node tells in a moment where it is.
  for (int waited_ms = 0;; waited_ms += node_pause_ms) {
    const auto reply = session->ask(request);
    if (reply) return reply->step_ready();
    const bool is_early = reply.error().code == Code::timed_out;
    if (!is_early || waited_ms >= node_patience_ms) return Failure(reply.error());
    ::poll(nullptr, 0, node_pause_ms);
  }
}

/// Of a step of so many tasks. Nothing where it was not asked for.
Result<std::optional<std::uint32_t>> task_asked(const Parsed& given,
                                                const char* option,
                                                std::uint32_t tasks) {
  if (!given.has(option)) return std::optional<std::uint32_t>();
  const auto task = parse_u64(given.value(option));
  if (!task || *task >= tasks) {
    return fail(Code::bad_usage, "task " + quoted(given.value(option)) +
                                     ": the step has tasks 0 to " + std::to_string(tasks - 1));
  }
  return std::optional(static_cast<std::uint32_t>(*task));
}

Result<AttachOptions> attach_options(const Parsed& given, const wire::StepReady& ready) {
  const bool may_type = ready.has_terminal() && !given.has("read-only");
  AttachOptions attach;
  attach.label_output = given.has("label-output");
  attach.forward_input = may_type;
  attach.is_terminal = may_type;
  attach.is_owner = false;
  attach.read_only = !may_type;
  const auto output_of = task_asked(given, "output-of", ready.tasks());
  if (!output_of) return Failure(output_of.error());
  const auto error_of = task_asked(given, "error-of", ready.tasks());
  if (!error_of) return Failure(error_of.error());
  attach.output_of = *output_of;
  attach.error_of = *error_of;
  return attach;
}

/// One: labels that several jobs have do not say which is meant.
Result<JobName> name_asked(const Parsed& given) {
  const bool has_label = given.has("label");
  if (given.operands().size() != (has_label ? 0 : 1)) {
    return usage_error(given.command(), "one job or step is expected, or --label");
  }
  if (!has_label) return parse_job_name(given.operands().front());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  return one_labelled_job(given, *session);
}

Result<int> run(const Parsed& given) {
  const auto name = name_asked(given);
  if (!name) return Failure(name.error());
  const auto ready = find_step(given, *name);
  if (!ready) return Failure(ready.error());
  const auto attach = attach_options(given, *ready);
  if (!attach) return Failure(attach.error());
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  RunWords words(false, false);
  auto attachment = Attachment::open(*ready, *attach, words);
  if (!attachment) return Failure(attachment.error());
  const std::string title = "step " + job_name_of(*ready) + "." + std::to_string(ready->step());
  print_error("attached to " + title + " on " + ready->node_list() + "; " +
              (attach->is_terminal ? "Ctrl-]" : "Ctrl-C") + " leaves it");
  Onlooker onlooker(std::move(*attachment), std::move(*signals), attach->is_terminal);
  const auto looked = onlooker.look_on();
  const auto& result = onlooker.finish();
  if (!looked) return Failure(looked.error());
  if (!result) {
    print_error("left " + title + ", which goes on");
    return 0;
  }
  const std::string text = step_end_text(job_name_of(*ready), *result);
  if (!text.empty()) print_error(text);
  return step_status(*result);
}

}  // namespace
}  // namespace attach_locals

const Command attach_command{"attach",
                             "[--read-only] JOB[.STEP] | --label SELECTOR",
                             "the terminal or output of a step that runs",
                             attach_locals::options,
                             Operands::anywhere,
                             own_failure_status,
                             attach_locals::run};

}  // namespace cox::cmds
