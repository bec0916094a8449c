// cox release: lets held jobs start.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace release_locals {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::RELEASE);
}

}  // namespace
}  // namespace release_locals

const Command release_command{"release",
                              "JOB... | --user USER | -l SELECTOR",
                              "let held jobs start",
                              job_action_options,
                              Operands::anywhere,
                              0,
                              release_locals::run};

}  // namespace cox::cmds
