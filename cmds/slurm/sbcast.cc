// sbcast: a file to every node of a job, as `cox bcast` does it.
#include <array>

#include "cmds/client/commands.h"
#include "cmds/client/parse.h"
#include "cmds/slurm/text.h"
#include "cmds/slurm/tool.h"
#include "common/text.h"

namespace cox::cmds::slurm {
namespace sbcast_locals {
namespace {

constexpr std::array table = {
    Option{"compress", 'C', "[=LIBRARY]", about, "the file goes as it is"},
    Option{"exclude", 0, "LIST", refused, later},
    Option{"fanout", 'F', "N", about, "the nodes' own way of talking holds"},
    Option{"force", 'f', "", exact, ""},
    Option{"help", 0, "", exact, ""},
    Option{"jobid", 'j', "ID", exact, ""},
    Option{"preserve", 'p', "", about, "permissions always are, times and owner are not"},
    Option{"send-libs", 0, "[=yes|no]", refused, later},
    Option{"size", 's', "SIZE", about, "the nodes' own way of talking holds"},
    Option{"timeout", 't', "SECONDS", about, "as long as it takes"},
    Option{"usage", 0, "", exact, ""},
    Option{"verbose", 'v', "", about, "nothing more is said"},
    Option{"version", 'V', "", exact, ""},
};

Options options() {
  return table;
}

/// What a step of the job says itself.
std::string job_of(const Words& given) {
  if (given.has("jobid")) return given.value("jobid");
  const std::string own = variable("SLURM_JOB_ID");
  return own.empty() ? variable("SLURM_JOBID") : own;
}

Result<int> run(const Words& given) {
  if (given.operands.size() != 2) {
    return fail(Code::bad_usage,
                "Need two file names, have " + std::to_string(given.operands.size()) + " names");
  }
  const std::string job = job_of(given);
  if (job.empty()) {
    return fail(Code::bad_usage,
                "Need a job id to run this command. Run from within a Slurm job "
                "or use the --jobid option.");
  }
  const std::size_t dot = job.find('.');
  if (dot != std::string::npos) {
    return fail(Code::bad_usage, "--jobid " + quoted(job) + ": a job is expected, not a step");
  }
  std::vector<std::string> words = {"--within=" + job};
  if (given.has("force")) words.emplace_back("--force");
  words.emplace_back("--");
  words.insert(words.end(), given.operands.begin(), given.operands.end());
  const auto parsed = parse(bcast_command, words);
  return parsed ? bcast_command.run(*parsed) : Result<int>(Failure(parsed.error()));
}

}  // namespace
}  // namespace sbcast_locals

const Tool sbcast_tool{"sbcast", "[OPTIONS] SOURCE DEST", sbcast_locals::options, Stop::never,
                       nullptr,  sbcast_locals::run};

}  // namespace cox::cmds::slurm
