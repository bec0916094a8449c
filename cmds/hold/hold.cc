// cox hold: keeps waiting jobs from starting.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace hold_locals {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::HOLD);
}

}  // namespace
}  // namespace hold_locals

const Command hold_command{"hold",
                           "JOB... | --user USER | -l SELECTOR",
                           "keep waiting jobs from starting",
                           job_action_options,
                           Operands::anywhere,
                           0,
                           hold_locals::run};

}  // namespace cox::cmds
