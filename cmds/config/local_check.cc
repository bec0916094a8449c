// See local_check.h. The daemon's own reader says what it would say at its start.
#include "cmds/config/local_check.h"

#include <fcntl.h>

#include <vector>

#include "cmds/client/find_daemon.h"
#include "cmds/config/reports.h"
#include "platform/process.h"

namespace cox::cmds {

Result<int> check_here(const Parsed& given, const std::string& file) {
  const auto program = find_daemon("coxctld");
  if (!program) return Failure(program.error().with_context("no controller is asked"));
  platform::SpawnRequest request;
  request.program = *program;
  request.argv = {"coxctld", "--check", file};
  request.environment = platform::current_environment();
  request.descriptors = {{1, 1}, {2, 2}};
  const auto spawned = platform::spawn(request);
  if (!spawned) return Failure(spawned.error());
  const auto ended = platform::wait_for(spawned->pid);
  if (!ended) return Failure(ended.error());
  const int status = platform::exit_code_of(*ended);
  if (status != 0) return status;
  return report_check(given, file, wire::ClientReply{});
}

}  // namespace cox::cmds
