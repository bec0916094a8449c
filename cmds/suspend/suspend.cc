// cox suspend: makes running jobs stand still.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace suspend_locals {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::SUSPEND);
}

}  // namespace
}  // namespace suspend_locals

const Command suspend_command{"suspend",
                              "JOB... | --user USER | -l SELECTOR",
                              "make running jobs stand still",
                              job_action_options,
                              Operands::anywhere,
                              0,
                              suspend_locals::run};

}  // namespace cox::cmds
