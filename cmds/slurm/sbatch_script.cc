// Finds and checks the script.
#include "cmds/slurm/sbatch_script.h"

#include <unistd.h>

#include "cmds/client/submission.h"
#include "cmds/slurm/text.h"
#include "common/text.h"
#include "platform/file.h"
#include "wire/model_codec.h"

namespace cox::cmds::slurm {
namespace {

Result<void> check(std::string_view script) {
  if (script.empty()) return fail(Code::bad_usage, "Batch script is empty!");
  if (script.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    return fail(Code::bad_usage, "Batch script contains only whitespace!");
  }
  if (!script.starts_with("#!")) {
    return fail(Code::bad_usage,
                "This does not look like a batch script. The first line must start with #! "
                "followed by the path to an interpreter. For instance: #!/bin/sh");
  }
  if (script.find('\0') != std::string_view::npos) {
    return fail(Code::bad_usage,
                "The SLURM controller does not allow scripts that contain a NULL "
                "character '\\0'.");
  }
  if (script.find("\r\n") != std::string_view::npos) {
    return fail(Code::bad_usage,
                "Batch script contains DOS line breaks (\\r\\n) instead of "
                "expected UNIX line breaks (\\n).");
  }
  return {};
}

/// A name without '/' that is not here is looked for in $PATH.
std::string find(const std::string& name) {
  if (name.find('/') != std::string::npos || platform::path_exists(name)) return name;
  const std::string path = variable("PATH");
  for (const std::string_view folder : split(path, ':')) {
    const std::string candidate = std::string(folder) + "/" + name;
    if (!folder.empty() && platform::path_exists(candidate)) return candidate;
  }
  return name;
}

Result<Script> read_file(const Words& given) {
  const bool is_stdin = given.operands.empty() || given.operands.front() == "/dev/stdin";
  Script script;
  script.job_name = is_stdin ? "sbatch" : default_job_name(given.operands.front());
  const std::string name = is_stdin ? "stdin" : find(given.operands.front());
  auto text = is_stdin ? platform::read_all(STDIN_FILENO, name, wire::script_bytes_max)
                       : platform::read_file(name, wire::script_bytes_max);
  if (!text) return Failure(text.error().with_context("Unable to open file " + quoted(name)));
  const auto checked = check(*text);
  if (!checked) return Failure(checked.error());
  script.text = std::move(*text);
  if (!given.operands.empty()) {
    script.arguments.assign(given.operands.begin() + 1, given.operands.end());
  }
  return script;
}

}  // namespace

Result<Script> read_script(const Words& given) {
  if (!given.has("wrap")) return read_file(given);
  if (!given.operands.empty()) {
    return fail(Code::bad_usage, "Script arguments are not permitted with the --wrap option.");
  }
  return Script{
      "#!/bin/sh\n# This script was created by sbatch --wrap.\n\n" + given.value("wrap") + "\n",
      "wrap",
      {}};
}

}  // namespace cox::cmds::slurm
