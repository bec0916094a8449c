// cox cancel: ends jobs, or single steps, and takes waiting jobs out of the queue.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace cancel_locals {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::CANCEL);
}

}  // namespace
}  // namespace cancel_locals

const Command cancel_command{"cancel",
                             "JOB[.STEP]... | --user USER | -l SELECTOR",
                             "end jobs or steps",
                             job_action_options,
                             Operands::anywhere,
                             0,
                             cancel_locals::run};

}  // namespace cox::cmds
