// cox requeue: ends the present attempt of jobs and puts them back into the queue.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace requeue_locals {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::REQUEUE);
}

}  // namespace
}  // namespace requeue_locals

const Command requeue_command{"requeue",
                              "JOB... | --user USER | -l SELECTOR",
                              "put running jobs back into the queue",
                              job_action_options,
                              Operands::anywhere,
                              0,
                              requeue_locals::run};

}  // namespace cox::cmds
