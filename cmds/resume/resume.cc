// cox resume: lets suspended jobs go on.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace resume_locals {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::RESUME);
}

}  // namespace
}  // namespace resume_locals

const Command resume_command{"resume",
                             "JOB... | --user USER | -l SELECTOR",
                             "let suspended jobs go on",
                             job_action_options,
                             Operands::anywhere,
                             0,
                             resume_locals::run};

}  // namespace cox::cmds
