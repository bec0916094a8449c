// getopt_long, and what the words mean.
#include "sim/options.h"

#include <getopt.h>

#include <array>

#include "common/text.h"

namespace cox::sim {

const char* const help_text =
    "usage: coxsim LOG.swf[.gz] [OPTIONS]\n"
    "Replays a workload through the scheduler and says how long jobs waited.\n"
    "\n"
    "  --nodes NODESxCORES  the machine (of the log's header)\n"
    "  --config FILE        the configuration\n"
    "  --set KEY=VALUE      another value of a key, scheduling.backfill=easy say\n"
    "  --json               print a document for programs\n"
    "  --help               print this\n";

namespace {

enum Letter : int { nodes = 'n', config, set, json, help };

constexpr std::array<option, 6> long_options = {{
    {"nodes", required_argument, nullptr, Letter::nodes},
    {"config", required_argument, nullptr, Letter::config},
    {"set", required_argument, nullptr, Letter::set},
    {"json", no_argument, nullptr, Letter::json},
    {"help", no_argument, nullptr, Letter::help},
    {nullptr, 0, nullptr, 0},
}};

Failure usage(const std::string& message) {
  return fail(Code::bad_usage, message + " (see: coxsim --help)");
}

Result<void> take(int letter, Options* options) {
  switch (letter) {
    case Letter::nodes: {
      const auto shape = parse_shape(optarg);
      if (!shape) return Failure(shape.error());
      options->shape = *shape;
      return {};
    }
    case Letter::config:
      options->config = optarg;
      return {};
    case Letter::set:
      options->set.emplace_back(optarg);
      return {};
    case Letter::json:
      options->json = true;
      return {};
    case Letter::help:
      options->help = true;
      return {};
    default:
      return usage("an option that is not known, or lacks its value");
  }
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  optind = 1;
  opterr = 0;
  for (int found = 0;
       (found = ::getopt_long(argc, argv, "", long_options.data(), nullptr)) != -1;) {
    if (auto taken = take(found, &options); !taken) {
      if (found != '?') return Failure(taken.error());
      return usage(quoted(argv[optind - 1]) + ": " + taken.error().message);
    }
  }
  if (options.help) return options;
  if (optind + 1 != argc) return usage(optind == argc ? "no log is named" : "more than one log");
  options.log = argv[optind];
  return options;
}

}  // namespace cox::sim
