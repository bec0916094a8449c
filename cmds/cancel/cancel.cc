// cox cancel: ends jobs, or single steps, and takes waiting jobs out of the queue.
#include "cmds/client/commands.h"
#include "cmds/client/job_action.h"

namespace cox::cmds {
namespace {

Result<int> run(const Parsed& given) {
  return run_job_action(given, wire::JobAction::CANCEL);
}

}  // namespace

const Command cancel_command{"cancel",
                             "JOB[.STEP]... | --user USER | -l SELECTOR",
                             "end jobs or steps",
                             job_action_options,
                             Operands::anywhere,
                             0,
                             run};

}  // namespace cox::cmds
