// Spawns coxctld and coxnoded in sessions of their own, so that they outlive the terminal.
#include "cmds/up/starter.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "cmds/client/find_cluster.h"
#include "cmds/client/find_daemon.h"
#include "common/text.h"
#include "platform/file.h"

namespace cox::cmds {
namespace {

constexpr int end_patience_ms = 5000;
constexpr std::size_t log_bytes_max = 64U << 20;

/// Ours, without what a job or another cluster put there.
std::vector<std::string> daemon_environment() {
  std::vector<std::string> environment = platform::current_environment();
  std::erase_if(environment, [](const std::string& variable) {
    return variable.starts_with("COX_") || variable.starts_with("SLURM_");
  });
  return environment;
}

}  // namespace

std::string last_line(const std::string& path) {
  const auto text = platform::read_file(path, log_bytes_max);
  if (!text) return "";
  const std::string_view whole = trim(*text);
  return std::string(whole.substr(whole.rfind('\n') + 1));  // npos + 1 is the whole
}

Starter::~Starter() {
  doors_.clear();
  if (is_kept_) return;
  for (auto daemon = daemons_.rbegin(); daemon != daemons_.rend(); ++daemon) {
    static_cast<void>(end_process(daemon->name, daemon->process.pid, end_patience_ms));
    static_cast<void>(platform::wait_for(daemon->process.pid));
  }
}

Result<void> Starter::heed_signals() {
  auto signals = Signals::open();
  if (!signals) return Failure(signals.error());
  signals_.emplace(std::move(*signals));
  return {};
}

Result<void> Starter::start(const std::string& program,
                            const std::string& name,
                            const std::string& log,
                            std::vector<std::string> arguments,
                            int input) {
  const auto path = find_daemon(program);
  if (!path) return Failure(path.error());
  auto output = platform::open_append(log);
  if (!output) return Failure(output.error());
  platform::SpawnRequest request;
  request.program = *path;
  request.argv = std::move(arguments);
  request.argv.insert(request.argv.begin(), program);
  request.environment = daemon_environment();
  request.directory = "/";
  request.descriptors = {{1, output->get()}, {2, output->get()}};
  if (input >= 0) request.descriptors[0] = input;
  request.new_session = true;
  auto spawned = platform::spawn(request);
  if (!spawned) return Failure(spawned.error().with_context("start " + name));
  daemons_.push_back({name, log, std::move(*spawned)});
  return {};
}

Result<void> Starter::start_controller() {
  const std::string log = dir_ + "/ctld.log";
  std::vector<std::string> arguments = {"--dir", dir_, "--log-file", log, "--foreground"};
  const auto config = record_.config.empty() ? write_private_config(dir_, record_.nodes)
                                             : Result<std::string>(record_.config);
  if (!config) return Failure(config.error());
  arguments.insert(arguments.end(), {"--config", *config});
  return start("coxctld", "coxctld", log, std::move(arguments));
}

Result<void> Starter::start_node(std::uint32_t index) {
  const std::string name = node_name(index);
  const std::string count = std::to_string(record_.nodes);
  const std::string log = dir_ + "/noded-" + name + ".log";
  std::vector<std::string> arguments = {"--controller", controller_socket(dir_),
                                        "--name",       name,
                                        "--dir",        dir_,
                                        "--emulate",    std::to_string(index) + ":" + count,
                                        "--log-file",   log};
  if (record_.topology.empty()) {
    arguments.insert(arguments.end(), {"--memory-fraction", count});
  } else {
    arguments.insert(arguments.end(), {"--topology", record_.topology});
  }
  arguments.emplace_back("--await-input");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Failure(platform::system_error("pipe", errno));
  const platform::Descriptor input(ends[0]);
  doors_[index] = platform::Descriptor(ends[1]);
  return start("coxnoded", "coxnoded " + name, log, std::move(arguments), input.get());
}

Result<void> Starter::start_pretended() {
  const std::string log = dir_ + "/noded-" + pretended_name + ".log";
  std::vector<std::string> arguments = {"--controller", controller_socket(dir_),
                                        "--pretend",    std::to_string(record_.nodes),
                                        "--dir",        dir_,
                                        "--log-file",   log};
  if (!record_.topology.empty()) {
    arguments.insert(arguments.end(), {"--topology", record_.topology});
  }
  return start("coxnoded", std::string("coxnoded ") + pretended_name, log, std::move(arguments));
}

Result<void> Starter::start_host(const std::string& name,
                                 const std::string& controller,
                                 const std::string& address) {
  const std::string log = dir_ + "/noded-" + name + ".log";
  return start("coxnoded", "coxnoded " + name, log,
               {"--controller", controller, "--name", name, "--dir", dir_, "--address", address,
                "--log-file", log});
}

Result<void> Starter::check_alive() {
  if (signals_ && !interrupted_) interrupted_ = signals_->take();
  if (interrupted_) return fail(Code::refused, "interrupted: what was started is ended again");
  for (const Started& daemon : daemons_) {
    pollfd ended{daemon.process.pidfd.get(), POLLIN, 0};
    if (::poll(&ended, 1, 0) != 1) continue;
    std::string line = last_line(daemon.log);
    const std::string program = daemon.name.substr(0, daemon.name.find(' ')) + ": ";
    if (line.starts_with(program)) line.erase(0, program.size());  // we say it ourselves
    if (line.find("held by process") != std::string::npos) {
      line += " (another cox up of this directory is at work: try again when it is done)";
    }
    return fail(Code::refused, daemon.name + " ended at once: " +
                                   (line.empty() ? "its log " + daemon.log + " is empty" : line));
  }
  return {};
}

void Starter::pause(int time_out_ms) const {
  std::vector<pollfd> ends;
  for (const Started& daemon : daemons_) ends.push_back({daemon.process.pidfd.get(), POLLIN, 0});
  if (signals_) ends.push_back({signals_->descriptor(), POLLIN, 0});
  ::poll(ends.data(), ends.size(), time_out_ms);
}

}  // namespace cox::cmds
