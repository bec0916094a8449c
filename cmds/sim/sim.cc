// cox sim: becomes coxsim, which holds the core; the command itself stays small. What coxsim needs
// of a running cluster is asked for first.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "cmds/client/commands.h"
#include "cmds/sim/live.h"
#include "common/text.h"
#include "platform/descriptor.h"
#include "platform/process.h"

namespace cox::cmds {
namespace sim_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"from", 0, "live", "the queue of the running cluster, not a log"},
      OptionSpec{"nodes", 0, "N[xCORES]", "the machine, 100x16 say"},
      OptionSpec{"topology", 0, "FILE|SYNTHETIC", "what each node is made of, for hwloc"},
      OptionSpec{"config", 0, "FILE", "the configuration"},
      OptionSpec{"set", 0, "KEY=VALUE", "another value for a key of it"},
      OptionSpec{"by", 0, "user|account", "the figures of each as well"},
      OptionSpec{"limit", 0, "N", "so many lines of --by (20); 0: all"},
      OptionSpec{"csv", 0, "FILE", "write a line per job"},
      OptionSpec{"picture", 0, "FILE", "write a picture, SVG or .html"},
      json_option,
      cluster_option,
      help_option};
  return table;
}

/// Beside our own program, or in $PATH.
Result<std::string> find_simulator() {
  const std::string own = platform::own_program();
  const std::string beside = own.substr(0, own.rfind('/') + 1) + "coxsim";
  if (::access(beside.c_str(), X_OK) == 0) return beside;
  auto found = platform::find_program("coxsim");
  if (found) return found;
  return fail(Code::not_found, "coxsim: neither beside " + own + ", nor in $PATH");
}

/// What coxsim works on: the log that is named, or a file of the running cluster, kept open.
Result<std::vector<std::string>> subject(const Parsed& given, platform::Descriptor* file) {
  if (!given.has("from")) {
    if (given.has("cluster")) {
      return usage_error(sim_command, "--cluster: only with --from live is a cluster asked");
    }
    if (given.operands().size() != 1) {
      return usage_error(
          sim_command, given.operands().empty() ? "no log is named" : "more than one log is named");
    }
    return std::vector<std::string>{"--", given.operands().front()};
  }
  if (given.value("from") != "live") {
    return usage_error(sim_command, "--from " + quoted(given.value("from")) + ": live is expected");
  }
  if (!given.operands().empty()) {
    return usage_error(sim_command,
                       quoted(given.operands().front()) + ": no log is replayed with --from live");
  }
  auto live = take_live_cluster(given);
  if (!live) return Failure(live.error());
  *file = std::move(*live);
  return std::vector<std::string>{"--live=/dev/fd/" + std::to_string(file->get())};
}

Result<int> run(const Parsed& given) {
  const auto program = find_simulator();
  if (!program) return Failure(program.error());
  platform::Descriptor file;
  const auto about = subject(given, &file);
  if (!about) return Failure(about.error());
  std::vector<std::string> words = {"coxsim"};
  for (const GivenOption& one : given.options()) {
    const std::string_view name = one.spec->name;
    if (name == "from" || name == "cluster") continue;
    words.push_back("--" + std::string(name) + (one.has_value ? "=" + one.value : ""));
  }
  words.insert(words.end(), about->begin(), about->end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program->c_str(), argv.data());
  return fail(Code::internal, *program + ": " + std::strerror(errno));
}

}  // namespace
}  // namespace sim_locals

const Command sim_command{"sim",
                          "LOG.swf[.gz] | --from live [OPTIONS]",
                          "replay a log, or foresee the running queue",
                          sim_locals::options,
                          Operands::anywhere,
                          0,
                          sim_locals::run};

}  // namespace cox::cmds
