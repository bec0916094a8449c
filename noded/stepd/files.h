// The files of a step's tasks: which they are, and opening them as the user.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "noded/stepd/plan.h"
#include "platform/descriptor.h"

namespace cox::stepd {

/// Absolute paths of one task; empty: not a file (the client's, or /dev/null for input).
struct TaskPaths {
  std::string input, output, error;
  bool truncate_output = false;  // this node is the one that begins the file
  bool truncate_error = false;
  bool replaces = false;  // what is to be truncated is an earlier attempt's
};

/// Per local task. Tasks that share a path share the file. Pure.
/// error: bad_usage for a pattern that cannot be read
Result<std::vector<TaskPaths>> task_paths(const StepPlan& plan);

/// Descriptors of one task, owned by TaskFiles::owned; -1 where there is no file.
struct TaskDescriptors {
  int input = -1, output = -1, error = -1;
};

struct TaskFiles {
  std::vector<TaskDescriptors> tasks;
  std::vector<platform::Descriptor> owned;
  std::string script_path;        // batch with a script
  std::vector<std::string> argv;  // what is executed
  std::string mpi_dir;            // for the wire-up server; made when asked for
};

/// Checks the directory, opens every file, writes the script: all as the user, never as root.
/// error: names path and reason, "open /x/y.out: permission denied"
Result<TaskFiles> prepare_files(const StepPlan& plan, bool with_mpi_dir);

}  // namespace cox::stepd
