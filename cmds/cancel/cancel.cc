// cox cancel: ends jobs, or single steps, takes waiting jobs out of the queue, and sends signals.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"
#include "cmds/client/job_ids.h"
#include "cmds/client/signal_name.h"
#include "cmds/client/submission.h"

namespace cox::cmds {
namespace cancel_locals {
namespace {

constexpr std::uint32_t scope_batch = 1, scope_all = 2;

OptionTable options() {
  static constexpr std::array table = {
      user_option,
      jobs_label_option,
      OptionSpec{"signal", 's', "SIG", "send this signal instead of ending them"},
      OptionSpec{"step", 0, "STEP", "this step of each job"},
      OptionSpec{"batch", 'b', "", "with --signal: the batch script's shell alone"},
      OptionSpec{"full", 'f', "", "with --signal: the batch script and all too"},
      json_option,
      cluster_option,
      help_option};
  return table;
}

/// A step as `--step` names it: a number or batch.
Result<StepId> parse_step(const std::string& text) {
  const auto name = parse_job_name("1." + text);
  if (name && name->step) return *name->step;
  return fail(Code::bad_usage, "--step " + text + ": the number of a step is expected, or batch");
}

/// error: bad_usage where the options contradict each other
Result<wire::JobAction> action_of(const Parsed& given) {
  for (const char* option : {"step", "signal"}) {
    if (auto once = check_once(given.options(), option); !once) return Failure(once.error());
  }
  wire::JobAction action;
  action.set_kind(given.has("signal") ? wire::JobAction::SIGNAL : wire::JobAction::CANCEL);
  if (given.has("step")) {
    const auto step = parse_step(given.value("step"));
    if (!step) return Failure(step.error());
    action.set_has_step(true);
    action.set_step(step->value);
  }
  for (const char* scope : {"batch", "full"}) {
    if (!given.has(scope)) continue;
    const std::string option = std::string("--") + scope;
    if (!given.has("signal")) return usage_error(given.command(), option + ": only with --signal");
    if (given.has("step")) return usage_error(given.command(), option + ": contradicts --step");
  }
  if (given.has("batch") && given.has("full")) {
    return usage_error(given.command(), "--batch: contradicts --full");
  }
  if (!given.has("signal")) return action;
  const auto signal = parse_signal(given.value("signal"));
  if (!signal) return Failure(signal.error().with_context("--signal"));
  action.set_signal(*signal);
  action.set_scope(given.has("full") ? scope_all : given.has("batch") ? scope_batch : 0);
  const ClientKey key = make_client_key();
  action.set_key_high(key.words[0]);
  action.set_key_low(key.words[1]);
  return action;
}

Result<int> run(const Parsed& given) {
  const auto action = action_of(given);
  if (!action) return Failure(action.error());
  return run_job_action(given, *action);
}

}  // namespace
}  // namespace cancel_locals

const Command cancel_command{"cancel",
                             "JOB[.STEP]... | --user USER | -l SELECTOR",
                             "end jobs or steps, or send them a signal",
                             cancel_locals::options,
                             Operands::anywhere,
                             0,
                             cancel_locals::run};

}  // namespace cox::cmds
