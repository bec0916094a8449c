// Output patterns become paths, paths become descriptors. A path that several tasks share is opened
// once; every file is opened for appending, so that tasks and nodes may share it without tearing.
#include "noded/stepd/files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <optional>

#include "model/output_pattern.h"
#include "noded/stepd/as_user.h"
#include "platform/file.h"

namespace cox::stepd {
namespace {

using platform::Descriptor;
using platform::system_error;

PatternValues values_of(const StepPlan& plan, std::uint32_t node_index, std::uint32_t task) {
  PatternValues values;
  values.job = plan.key.job;
  values.step = plan.key.step;
  values.array_job = plan.key.job;
  if (plan.element.array != JobId{}) {
    values.array_job = plan.element.array;
    values.array_index = plan.element.index;
  }
  const std::string_view name = plan.nodes[node_index].name;
  values.node = name.substr(0, name.find('.'));
  values.node_index = node_index;
  values.task = task;
  values.user = plan.job.common->user.name;
  values.job_name = plan.job.name;
  return values;
}

Result<std::string> path_of(const StepPlan& plan,
                            const std::string& pattern,
                            const PatternValues& values) {
  auto path = expand_pattern(pattern, values);
  if (!path || path->empty() || path->front() == '/') {
    return path;
  }
  return plan.directory + (plan.directory.ends_with('/') ? "" : "/") + *path;
}

// A batch step, since it runs on one node: elsewhere nodes share files that they open before the
// first one begins them.
bool follows_attempt(const StepPlan& plan) {
  return plan.is_batch && plan.key.attempt.value > 1;
}

// A file that the first node's tasks write too is begun by the first node: its Go comes after
// every node has opened.
bool begins_file(const StepPlan& plan, const std::string& pattern, const std::string& path) {
  const JobCommon& common = *plan.job.common;
  if (common.append_output || (follows_attempt(plan) && !common.truncate_output)) {
    return false;
  }
  if (plan.is_root()) {
    return true;
  }
  const auto of_root = path_of(plan, pattern, values_of(plan, 0, 0));
  return !of_root || *of_root != path;
}

Result<TaskPaths> paths_of_task(const StepPlan& plan, std::uint32_t local_task) {
  const auto values = values_of(plan, plan.node_index, plan.rank_of(local_task));
  TaskPaths paths;
  paths.replaces = follows_attempt(plan) && plan.job.common->truncate_output;
  if (!plan.input.empty()) {
    auto input = path_of(plan, plan.input, values);
    if (!input) {
      return Failure(input.error());
    }
    paths.input = *input;
  }
  if (!plan.client_io) {
    const std::string pattern =
        plan.output.empty() ? default_output_pattern(plan.element.array != JobId{}) : plan.output;
    auto output = path_of(plan, pattern, values);
    if (!output) {
      return Failure(output.error());
    }
    paths.output = *output;
    paths.truncate_output = begins_file(plan, pattern, paths.output);
    paths.error = paths.output;
  }
  if (!plan.error.empty()) {
    auto error = path_of(plan, plan.error, values);
    if (!error) {
      return Failure(error.error());
    }
    paths.error = *error;
    paths.truncate_error = paths.error != paths.output && begins_file(plan, plan.error, *error);
  }
  return paths;
}

// A pipe without a reader would block the supervisor for ever: opened without waiting, which the
// tasks must not notice.
Result<Descriptor> open_as_we_are(const std::string& path, int flags) {
  Descriptor fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
  if (!fd.is_open()) {
    return Failure(system_error("open " + path, errno));
  }

  // What /proc shows through our descriptor is about us, and we are root.
  struct statfs system {};

  if (::fstatfs(fd.get(), &system) != 0 || system.f_type == PROC_SUPER_MAGIC) {
    return fail(Code::not_permitted, "open " + path + ": files of /proc cannot be used");
  }
  if (::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK) != 0) {
    return Failure(system_error("open " + path, errno));
  }
  return fd;
}

// Takes an earlier attempt's file out of the way, whose processes may still live where nobody
// reaches them: what they write then goes nowhere. A link is the user's own arrangement, and what
// cannot be removed stays: such a file is emptied in place. Returns the rights that the new one
// should have.
std::optional<mode_t> remove_old(const std::string& path, std::uint32_t user) {
  struct stat old {};

  if (::lstat(path.c_str(), &old) != 0) {
    return std::nullopt;
  }
  const bool is_plain = S_ISREG(old.st_mode) && old.st_nlink == 1 && old.st_uid == user;
  if (!is_plain || ::unlink(path.c_str()) != 0) {
    return std::nullopt;
  }
  return old.st_mode & 0777;
}

// Opens each path once; keys are path and direction.
class OpenFiles {
 public:
  OpenFiles(TaskFiles* files, std::uint32_t user) : files_(files), user_(user) {}

  Result<int> open(const std::string& path, int flags, bool replaces) {
    const auto known = open_.find({path, flags & O_ACCMODE});
    if (known != open_.end()) {
      return known->second;
    }
    const auto mode = replaces && (flags & O_TRUNC) != 0 ? remove_old(path, user_) : std::nullopt;
    auto fd = open_as_we_are(path, flags);
    if (!fd) {
      return Failure(fd.error());
    }
    if (mode && ::fchmod(fd->get(), *mode) != 0) {
      return Failure(system_error("rights of " + path, errno));
    }
    const int number = fd->get();
    open_.emplace(std::make_pair(path, flags & O_ACCMODE), number);
    files_->owned.push_back(std::move(*fd));
    return number;
  }

 private:
  TaskFiles* files_;
  std::uint32_t user_;  // as whom we open
  std::map<std::pair<std::string, int>, int> open_;
};

constexpr int writing = O_WRONLY | O_CREAT | O_APPEND;

Result<TaskDescriptors> open_task(const TaskPaths& paths, OpenFiles* files) {
  TaskDescriptors fds;
  const auto open_into = [&](const std::string& path, int flags, int* fd) -> Result<void> {
    if (path.empty()) {
      return {};
    }
    auto opened = files->open(path, flags, paths.replaces);
    if (!opened) {
      return Failure(opened.error());
    }
    *fd = *opened;
    return {};
  };
  const auto truncation = [](bool truncate) { return truncate ? O_TRUNC : 0; };
  auto done = open_into(paths.input, O_RDONLY, &fds.input);
  if (done) {
    done = open_into(paths.output, writing | truncation(paths.truncate_output), &fds.output);
  }
  if (done) {
    done = open_into(paths.error, writing | truncation(paths.truncate_error), &fds.error);
  }
  if (!done) {
    return Failure(done.error());
  }
  return fds;
}

// Whether tasks will be able to start in it; we go there and back, since that is what they do.
Result<void> check_directory(const std::string& directory) {
  const int entered = ::chdir(directory.c_str());
  const int number = errno;
  if (::chdir("/") != 0) {
    return Failure(system_error("enter /", errno));
  }
  if (entered != 0) {
    return Failure(system_error("enter directory " + directory, number));
  }
  return {};
}

Result<std::string> write_script(const StepPlan& plan) {
  if (plan.tmp_dir.empty()) {
    return fail(Code::bad_usage, "no private directory for the job's script");
  }
  const std::string path = plan.tmp_dir + "/cox-script";
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return Failure(system_error("replace " + path, errno));
  }
  Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500));
  if (!fd.is_open()) {
    return Failure(system_error("write " + path, errno));
  }
  if (::fchmod(fd.get(), 0500) != 0) {
    return Failure(system_error("write " + path, errno));
  }
  if (auto written = platform::write_all(fd.get(), path, plan.script); !written) {
    return Failure(written.error());
  }
  return path;
}

Result<void> prepare_command(const StepPlan& plan, TaskFiles* files) {
  if (!plan.script.empty()) {
    auto path = write_script(plan);
    if (!path) {
      return Failure(path.error());
    }
    files->script_path = *path;
    files->argv.push_back(*path);
  }
  files->argv.insert(files->argv.end(), plan.argv.begin(), plan.argv.end());
  return {};
}

Result<void> make_mpi_dir(const StepPlan& plan, TaskFiles* files) {
  if (plan.tmp_dir.empty()) {
    return fail(Code::bad_usage, "no private directory for MPI");
  }
  files->mpi_dir = plan.tmp_dir + "/cox-mpi-" + step_name(plan.key.step);
  if (::mkdir(files->mpi_dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return Failure(system_error("make " + files->mpi_dir, errno));
  }
  return {};
}

}  // namespace

Result<std::vector<TaskPaths>> task_paths(const StepPlan& plan) {
  std::vector<TaskPaths> all;
  for (std::uint32_t task = 0; task < plan.here().tasks; ++task) {
    auto paths = paths_of_task(plan, task);
    if (!paths) {
      return Failure(paths.error());
    }
    all.push_back(std::move(*paths));
  }
  return all;
}

Result<TaskFiles> prepare_files(const StepPlan& plan, bool with_mpi_dir) {
  const auto paths = task_paths(plan);
  if (!paths) {
    return Failure(paths.error());
  }
  const auto as_user = AsUser::enter(plan.job.common->user, plan.job.common->umask);
  if (!as_user) {
    return Failure(as_user.error());
  }
  if (auto checked = check_directory(plan.directory); !checked) {
    return Failure(checked.error());
  }
  TaskFiles files;
  OpenFiles open_files(&files, plan.job.common->user.uid);
  for (const TaskPaths& task : *paths) {
    auto fds = open_task(task, &open_files);
    if (!fds) {
      return Failure(fds.error());
    }
    files.tasks.push_back(*fds);
  }
  if (auto made = prepare_command(plan, &files); !made) {
    return Failure(made.error());
  }
  if (with_mpi_dir) {
    if (auto made = make_mpi_dir(plan, &files); !made) {
      return Failure(made.error());
    }
  }
  return files;
}

}  // namespace cox::stepd
