// A `cox run` in slow motion: the same request and the same two connections as the command's, with
// the instants at which each part of the launch was over.
#pragma once

#include <string>
#include <vector>

namespace cox::bench {

/// From the submit, in ms.
struct LaunchTimes {
  double prepared = 0;  // all nodes have answered, the release is on disk, and we know of it
  double first = 0;     // first instruction of the first task
  double last = 0;      // and of the last
  double exited = 0;    // the step's result is with the client
  double ended = 0;     // the job has ended
};

/// `words`: options and command of `cox run`; each task writes the wall clock (ns) as a line.
/// `address`: the controller's socket. Ends the bench when anything fails.
LaunchTimes time_launch(const std::string& dir, const std::vector<std::string>& words);

/// CPU time that the controller of the cluster in `dir` has had, in ms.
double controller_cpu_ms(const std::string& dir);

}  // namespace cox::bench
