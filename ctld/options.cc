// getopt_long, and the ways the program can go.
#include "ctld/options.h"

#include <getopt.h>

#include <array>
#include <cstdio>
#include <utility>

#include "config/config.h"
#include "ctld/daemon.h"
#include "ctld/system_users.h"
#include "platform/file.h"
#include "plugins/policies.h"

namespace cox::ctld {

namespace {

constexpr const char* help_text =
    "usage: coxctld [OPTIONS]\n"
    "The controller of a Coxswain cluster.\n"
    "\n"
    "  --dir DIR         sockets, pid file, cluster key and state (/run/coxswain)\n"
    "  --config FILE     the configuration; without it every key has its default\n"
    "  --apply-config    the configuration replaces the one of an earlier run\n"
    "  --check FILE      read this configuration, report what is wrong, and exit\n"
    "  --listen ADDRESS  listen here too: /PATH, HOST or HOST:PORT; may be repeated\n"
    "  --foreground      stay in the foreground (the only way there is)\n"
    "  --state-dir DIR   journal and history, where the configuration names no place\n"
    "  --key-file FILE   the cluster's key, made when missing (DIR/cluster.key)\n"
    "  --log-file FILE   append the log to this file instead of standard error\n"
    "  --version         print the version\n"
    "  --help            print this\n";
constexpr const char* default_dir = "/run/coxswain";

enum Letter : int {
  dir = 'd',
  config,
  apply_config,
  check,
  listen,
  foreground,
  state_dir,
  key_file,
  log_file,
  version,
  help
};

constexpr std::array<option, 12> long_options = {{
    {"dir", required_argument, nullptr, Letter::dir},
    {"config", required_argument, nullptr, Letter::config},
    {"apply-config", no_argument, nullptr, Letter::apply_config},
    {"check", required_argument, nullptr, Letter::check},
    {"listen", required_argument, nullptr, Letter::listen},
    {"foreground", no_argument, nullptr, Letter::foreground},
    {"state-dir", required_argument, nullptr, Letter::state_dir},
    {"key-file", required_argument, nullptr, Letter::key_file},
    {"log-file", required_argument, nullptr, Letter::log_file},
    {"version", no_argument, nullptr, Letter::version},
    {"help", no_argument, nullptr, Letter::help},
    {nullptr, 0, nullptr, 0},
}};

int complain(const Error& error) {
  std::fprintf(stderr, "coxctld: %s\n", error.message.c_str());
  return exit_status(error.code);
}

void warn(const std::string& line) {
  std::fprintf(stderr, "coxctld: warning: %s\n", line.c_str());
}

Result<DaemonOptions> daemon_options(const Options& options, const config::Config& config) {
  DaemonOptions made;
  made.dir = options.dir.empty() ? default_dir : options.dir;
  made.state_dir = options.state_dir;
  made.key_file = options.key_file;
  made.config = config;
  made.file = {options.config, options.apply_config};
  std::vector<std::string> texts = config.listen;
  texts.insert(texts.end(), options.listen.begin(), options.listen.end());
  for (const std::string& text : texts) {
    auto address = platform::parse_address(text);
    if (!address) return tl::unexpected(address.error().with_context("--listen"));
    made.listen.push_back(std::move(*address));
  }
  return made;
}

Result<void> serve(const Options& options) {
  const auto manager = platform::ServiceManager::from_environment();
  auto config = config::load(options.config, {}, system_users(UnknownUsers::noted));
  if (!config) return tl::unexpected(config.error());
  auto chosen = daemon_options(options, *config);
  if (!chosen) return tl::unexpected(chosen.error());
  chosen->manager = manager;
  platform::Descriptor log;
  if (!options.log_file.empty()) {
    auto opened = platform::open_append(options.log_file);
    if (!opened) return tl::unexpected(opened.error());
    log = std::move(*opened);
    chosen->log = Log(log.get());
    chosen->log_file = options.log_file;
    chosen->log_fd = log.get();
  }
  for (const std::string& line : chosen->config.warnings) chosen->log.warning(line);
  auto daemon = Daemon::open(std::move(*chosen));
  if (!daemon) {
    if (log.is_open()) Log(log.get()).error(daemon.error().message);
    return tl::unexpected(daemon.error());
  }
  (*daemon)->run();
  return {};
}

/// Complaints and warnings go to standard error; warnings alone are no failure.
int check_file(const std::string& path) {
  auto config = config::load(path, {}, system_users(UnknownUsers::warned));
  if (!config) return complain(config.error());
  if (const auto policies = plugins::make_policies(config->settings); !policies) {
    return complain(policies.error());
  }
  for (const std::string& line : config->warnings) warn(line);
  return 0;
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  optind = 1;
  opterr = 0;
  for (int found = 0;
       (found = ::getopt_long(argc, argv, "", long_options.data(), nullptr)) != -1;) {
    switch (found) {
      case Letter::dir:
        options.dir = optarg;
        break;
      case Letter::config:
        options.config = optarg;
        break;
      case Letter::apply_config:
        options.apply_config = true;
        break;
      case Letter::check:
        options.check = optarg;
        break;
      case Letter::listen:
        options.listen.emplace_back(optarg);
        break;
      case Letter::foreground:
        break;
      case Letter::state_dir:
        options.state_dir = optarg;
        break;
      case Letter::key_file:
        options.key_file = optarg;
        break;
      case Letter::log_file:
        options.log_file = optarg;
        break;
      case Letter::version:
        options.version = true;
        break;
      case Letter::help:
        options.help = true;
        break;
      default:
        return fail(Code::bad_usage,
                    std::string(argv[optind - 1]) + ": unknown, or its value is missing");
    }
  }
  if (options.apply_config && options.config.empty()) {
    return fail(Code::bad_usage, "--apply-config: --config FILE is missing");
  }
  if (optind < argc) {
    return fail(Code::bad_usage, std::string(argv[optind]) + ": no argument is expected");
  }
  return options;
}

int run_program(int argc, char** argv) {
  const auto options = parse_options(argc, argv);
  if (!options) return complain(options.error());
  if (options->help) return std::fputs(help_text, stdout) < 0 ? 1 : 0;
  if (options->version) return std::puts("coxctld " COX_VERSION) < 0 ? 1 : 0;
  if (!options->check.empty()) {
    return check_file(options->check);
  }
  const auto served = serve(*options);
  return served ? 0 : complain(served.error());
}

}  // namespace cox::ctld
