// cox bcast: a file to every node of a job. It is a step with one task on each node, whose common
// input is the file: that goes from here to the first node once, and from there to the others.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "cmds/client/commands.h"
#include "cmds/client/job_end.h"
#include "cmds/client/labelled.h"
#include "cmds/client/session.h"
#include "cmds/client/terminal.h"
#include "common/text.h"
#include "platform/descriptor.h"
#include "platform/file.h"

namespace cox::cmds {
namespace bcast_locals {
namespace {

constexpr mode_t permissions = 07777;

/// $1: where to, $2: bytes, $3: permissions, $4: the file's name here, $5: "force" to replace one.
/// What is written is whole or not there, and nobody reads half of it.
constexpr const char* receive = R"sh(
umask 077
to=$1
[ ! -d "$to" ] || to=${to%/}/$4
new=$to.cox.$COX_JOB_ID.$COX_STEP_ID.$COX_RANK
fail() { echo "cox: $COX_NODE_NAME: $to: $1" >&2; rm -f -- "$new"; exit 1; }
[ -z "$5" ] && [ -e "$to" ] && fail "is there already (to replace it: --force)"
cat > "$new" 2> /dev/null || fail "cannot be written"
[ "$(wc -c < "$new")" -eq "$2" ] || fail "did not come whole"
chmod "$3" "$new" && mv -f -- "$new" "$to" 2> /dev/null || fail "cannot be put there"
)sh";

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"within", 0, "JOB", "to the nodes of this job; default: that around us"},
      OptionSpec{"label", 'l', "SELECTOR", "to those of your job that has such labels"},
      OptionSpec{"nodelist", 'w', "NODES", "to these of its nodes alone"},
      OptionSpec{"force", 'f', "", "replace a file that is there"},
      cluster_option,
      help_option};
  return table;
}

struct Source {
  platform::Descriptor file;
  std::string name, mode;
  std::int64_t bytes = 0;
};

Result<Source> open_source(const std::string& path) {
  Source source;
  source.file.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));

  struct stat about {};

  if (!source.file.is_open() || ::fstat(source.file.get(), &about) != 0) {
    return Failure(platform::system_error("open " + quoted(path), errno));
  }
  if (!S_ISREG(about.st_mode)) return bad_usage(quoted(path) + ": is no regular file");
  source.name = path.substr(path.find_last_of('/') + 1);
  source.bytes = about.st_size;
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%o", about.st_mode & permissions);
  source.mode = text.data();
  return source;
}

/// The words of the `cox run` that brings the file.
std::vector<std::string> words_of(const Parsed& given,
                                  const std::string& within,
                                  const Source& source) {
  std::vector<std::string> words{
      "--overlap", "--ntasks-per-node", "1", "--mpi", "none", "--bind", "none", "-J", "bcast"};
  if (!within.empty()) words.push_back("--within=" + within);
  for (const char* option : {"nodelist", "cluster"}) {
    if (given.has(option)) words.push_back(std::string("--") + option + "=" + given.value(option));
  }
  for (const std::string& word :
       {std::string("--chdir=/"), std::string("--"), std::string("/bin/sh"), std::string("-c"),
        std::string(receive), std::string("cox-bcast"), given.operands()[1],
        std::to_string(source.bytes), source.mode, source.name,
        std::string(given.has("force") ? "force" : "")}) {
    words.push_back(word);
  }
  return words;
}

/// The job that is meant; "" for that around us.
Result<std::string> job_asked(const Parsed& given) {
  if (given.has("label")) {
    if (given.has("within")) return usage_error(given.command(), "--within or --label, not both");
    auto session = Session::open(given);
    if (!session) return Failure(session.error());
    const auto job = one_labelled_job(given, *session);
    return job ? job->text : Result<std::string>(Failure(job.error()));
  }
  if (!given.has("within") && std::getenv("COX_JOB_ID") == nullptr) {
    return usage_error(given.command(),
                       "--within JOB or --label is missing: there is no job around us");
  }
  return given.value("within");
}

Result<int> run(const Parsed& given) {
  if (given.operands().size() != 2) {
    return usage_error(given.command(), "a file and where it goes are expected");
  }
  if (!given.operands()[1].starts_with('/')) {
    return fail(Code::bad_usage, quoted(given.operands()[1]) +
                                     ": an absolute path is expected, which all nodes understand");
  }
  const auto job = job_asked(given);
  if (!job) return Failure(job.error());
  const auto source = open_source(given.operands()[0]);
  if (!source) return Failure(source.error());
  if (::dup2(source->file.get(), STDIN_FILENO) < 0) {
    return Failure(platform::system_error("make it the input", errno));
  }
  const auto step = parse(run_command, words_of(given, *job, *source));
  if (!step) return Failure(step.error());
  return run_command.run(*step);
}

}  // namespace
}  // namespace bcast_locals

const Command bcast_command{"bcast",
                            "[OPTIONS] FILE DEST",
                            "a file to all nodes of a job",
                            bcast_locals::options,
                            Operands::anywhere,
                            own_failure_status,
                            bcast_locals::run};

}  // namespace cox::cmds
