// cox: finds the chosen command in the table and runs it; under the name of one of Slurm's
// commands, that one.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "cmds/client/dispatch.h"
#include "cmds/slurm/tool.h"

namespace {

/// Where a standard stream is closed, the next file or connection would take its place. What is
/// opened here refuses the direction that the stream is for, so that the loss is noticed.
void guard_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) >= 0) continue;
    static_cast<void>(::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY));
  }
}

}  // namespace

int main(int argc, char** argv) {
  guard_standard_streams();
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (const auto* tool = cox::cmds::slurm::tool_named(argc > 0 ? argv[0] : "")) {
    return cox::cmds::slurm::run_tool(*tool, words);
  }
  if (const auto* other = cox::cmds::slurm::other_named(argc > 0 ? argv[0] : "")) {
    return cox::cmds::slurm::run_other(*other, words);
  }
  return cox::cmds::dispatch(words);
}
