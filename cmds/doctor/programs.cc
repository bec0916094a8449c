// The programs and the library that run jobs, as far as they stand on this machine.
#include "cmds/client/find_daemon.h"
#include "cmds/doctor/findings.h"
#include "platform/helper_program.h"

namespace cox::cmds {

void examine_mpi(std::vector<Finding>* findings) {
  const auto supervisor = find_daemon("coxstepd");
  if (!supervisor) {
    findings->push_back(
        {Grade::failed, "mpi", supervisor.error().message, "install Coxswain anew"});
    return;
  }
  // Only a dynamic program can tell whether a library can be loaded, and this one is static.
  const auto answer = platform::ask_program({*supervisor, "--check-mpi"});
  const bool is_loaded = answer && answer->status == 0;
  const std::string said = answer ? answer->output : answer.error().message;
  if (is_loaded) {
    findings->push_back({Grade::ok, "mpi", said + " can be loaded", ""});
    return;
  }
  findings->push_back({Grade::failed, "mpi", said,
                       "MPI programs need it; install Coxswain anew, or build the target coxpmix"});
}

void examine_programs(std::vector<Finding>* findings) {
  for (const char* name : {"coxnoded", "coxstepd"}) {
    const auto path = find_daemon(name);
    if (!path) {
      findings->push_back({Grade::warning, "programs", path.error().message,
                           "this machine can be no node without it"});
      continue;
    }
    const auto answer = platform::ask_program({*path, "--version"});
    const std::string wanted = std::string(name) + " " COX_VERSION;
    if (answer && answer->status == 0 && answer->output == wanted) {
      findings->push_back({Grade::ok, "programs", *path + ", version " COX_VERSION, ""});
    } else {
      findings->push_back({Grade::failed, "programs",
                           *path + ": " + (answer ? answer->output : answer.error().message) +
                               ", this command is of version " COX_VERSION,
                           "install the programs of one version"});
    }
  }
}

}  // namespace cox::cmds
