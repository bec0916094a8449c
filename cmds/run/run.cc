// cox run: tasks now. A step inside an allocation, else allocate, run and release.
#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/request_options.h"
#include "cmds/client/terminal.h"
#include "cmds/run/follow.h"
#include "cmds/run/run_request.h"
#include "cmds/run/words.h"

namespace cox::cmds {
namespace run_locals {
namespace {

Result<int> run(const Parsed& given) {
  if (auto once = check_given_once(given.options()); !once) return Failure(once.error());
  auto asked = read_run_request(given);
  if (!asked) return Failure(asked.error());
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  auto session = Session::open(given);
  if (!session) return Failure(session.error());
  RunWords words(given.has("verbose"), given.has("show-binding"));
  auto conversation = Conversation::start(std::move(*session), std::move(asked->request), words);
  if (!conversation) return Failure(conversation.error());
  Run steps(std::move(*conversation), std::move(*signals), asked->attach, words);
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
