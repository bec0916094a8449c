// coxnoded: one per node. Settles what does not change, then hands over to the daemon.
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "noded/daemon.h"
#include "noded/log.h"
#include "noded/options.h"
#include "noded/pretended_fleet.h"
#include "noded/setup.h"
#include "platform/file.h"
#include "platform/limits.h"

namespace {

using namespace cox;

int fail_with(const Error& error) {
  std::fprintf(stderr, "coxnoded: %s\n", error.message.c_str());
  return exit_status(error.code);
}

/// Until whoever started us has closed our standard input.
void await_input() {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = ::read(STDIN_FILENO, &byte, 1);
  } while (got > 0 || (got < 0 && errno == EINTR));
}

template <class Daemon>
int serve(noded::Log& log, noded::Setup setup) {
  auto loop = platform::Loop::open();
  if (!loop) return fail_with(loop.error());
  std::signal(SIGPIPE, SIG_IGN);
  Daemon daemon(**loop, log, std::move(setup));
  // Supervisors and their tasks go on without us.
  for (const int signal : {SIGTERM, SIGINT}) {
    (*loop)->on_signal(signal, [&daemon, &loop] {
      daemon.stop();
      (*loop)->stop();
    });
  }
  (*loop)->on_signal(SIGHUP, [&log] { log.reopen(); });
  if (const auto started = daemon.start(); !started) {
    log.error(started.error().message);
    return log.descriptor() == 2 ? exit_status(started.error().code) : fail_with(started.error());
  }
  (*loop)->run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto manager = platform::ServiceManager::from_environment();
  auto options = noded::parse_options(argc, argv);
  if (!options) return fail_with(options.error());
  if (options->wants_help || options->wants_version) {
    const std::string text =
        options->wants_help ? noded::usage_text() : "coxnoded " COX_VERSION "\n";
    return std::fputs(text.c_str(), stdout) < 0 ? 1 : 0;
  }
  const noded::Paths paths{options->dir, options->name};
  auto made = options->pretended ? platform::make_directories(paths.dir, 0755)
                                 : noded::make_directories(paths);
  if (!made) return fail_with(made.error());
  auto lock = platform::LockFile::acquire(paths.pid_file());
  if (!lock) return fail_with(lock.error());
  noded::Log log;
  if (!options->log_file.empty()) {
    auto opened = noded::Log::open(options->log_file);
    if (!opened) return fail_with(opened.error());
    log = std::move(*opened);
  }
  auto setup = noded::make_setup(std::move(*options), log);
  if (!setup) {
    log.error(setup.error().message);
    return log.descriptor() == 2 ? exit_status(setup.error().code) : fail_with(setup.error());
  }
  setup->manager = manager;
  setup->lock = std::move(*lock);
  if (setup->options.awaits_input) await_input();
  if (!setup->options.pretended) return serve<noded::Daemon>(log, std::move(*setup));
  platform::raise_descriptor_limit();
  return serve<noded::PretendedFleet>(log, std::move(*setup));
}
