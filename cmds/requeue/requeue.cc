// cox requeue: ends the present attempt of jobs and puts them back into the queue.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace requeue_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"hold", 'H', "", "there they wait until they are released"},
      user_option,
      jobs_label_option,
      json_option,
      cluster_option,
      help_option};
  return table;
}

Result<int> run(const Parsed& given) {
  wire::JobAction action;
  action.set_kind(wire::JobAction::REQUEUE);
  action.set_hold(given.has("hold"));
  return run_job_action(given, action);
}

}  // namespace
}  // namespace requeue_locals

const Command requeue_command{"requeue",
                              "JOB... | --user USER | -l SELECTOR",
                              "put running jobs back into the queue",
                              requeue_locals::options,
                              Operands::anywhere,
                              0,
                              requeue_locals::run};

}  // namespace cox::cmds
