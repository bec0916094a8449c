// cox sim: becomes coxsim, which holds the core; the command itself stays small.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "cmds/client/commands.h"
#include "platform/process.h"

namespace cox::cmds {
namespace sim_locals {
namespace {

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"nodes", 0, "N[xCORES]", "the machine, 100x16 say"},
      OptionSpec{"topology", 0, "FILE|SYNTHETIC", "what each node is made of, for hwloc"},
      OptionSpec{"config", 0, "FILE", "the configuration"},
      OptionSpec{"set", 0, "KEY=VALUE", "another value for a key of it"},
      OptionSpec{"by", 0, "user|account", "the figures of each as well"},
      OptionSpec{"limit", 0, "N", "so many lines of --by (20); 0: all"},
      OptionSpec{"csv", 0, "FILE", "write a line per job"},
      OptionSpec{"picture", 0, "FILE", "write a picture, SVG or .html"},
      json_option,
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

Result<int> run(const Parsed& given) {
  if (given.operands().size() != 1) {
    return usage_error(sim_command,
                       given.operands().empty() ? "no log is named" : "more than one log is named");
  }
  const auto program = find_simulator();
  if (!program) return Failure(program.error());
  std::vector<std::string> words = {"coxsim"};
  for (const GivenOption& one : given.options()) {
    words.push_back(std::string("--") + one.spec->name + (one.has_value ? "=" + one.value : ""));
  }
  words.emplace_back("--");
  words.push_back(given.operands().front());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program->c_str(), argv.data());
  return fail(Code::internal, *program + ": " + std::strerror(errno));
}

}  // namespace
}  // namespace sim_locals

const Command sim_command{"sim",
                          "LOG.swf[.gz] [OPTIONS]",
                          "replay a workload log",
                          sim_locals::options,
                          Operands::anywhere,
                          0,
                          sim_locals::run};

}  // namespace cox::cmds
