// getopt_long, and what the words mean.
#include "sim/options.h"

#include <getopt.h>

#include <array>

#include "common/text.h"

namespace cox::sim {

const char* const help_text =
    "usage: coxsim LOG.swf[.gz] [OPTIONS]\n"
    "       coxsim --live FILE [--config FILE] [--set KEY=VALUE] [--json]\n"
    "Replays a workload through the scheduler and says how long jobs waited.\n"
    "\n"
    "  --nodes N[xCORES]          the machine (of the log's header)\n"
    "  --topology FILE|SYNTHETIC  what each node is made of, for hwloc\n"
    "  --config FILE              the configuration\n"
    "  --set KEY=VALUE            another value of a key\n"
    "  --by user|account          the figures of each as well\n"
    "  --limit N                  so many lines of --by (20); 0: all\n"
    "  --csv FILE                 write a line per job\n"
    "  --picture FILE             write a picture, SVG or .html\n"
    "  --live FILE                the queue of a running cluster (see: cox sim --from)\n"
    "  --json                     print a document for programs\n"
    "  --help                     print this\n";

namespace {

enum Letter : int { nodes = 'n', topology, config, set, by, limit, csv, picture, live, json, help };

constexpr std::array<option, 12> long_options = {{
    {"nodes", required_argument, nullptr, Letter::nodes},
    {"topology", required_argument, nullptr, Letter::topology},
    {"config", required_argument, nullptr, Letter::config},
    {"set", required_argument, nullptr, Letter::set},
    {"by", required_argument, nullptr, Letter::by},
    {"limit", required_argument, nullptr, Letter::limit},
    {"csv", required_argument, nullptr, Letter::csv},
    {"picture", required_argument, nullptr, Letter::picture},
    {"live", required_argument, nullptr, Letter::live},
    {"json", no_argument, nullptr, Letter::json},
    {"help", no_argument, nullptr, Letter::help},
    {nullptr, 0, nullptr, 0},
}};

Failure usage(const std::string& message) {
  return fail(Code::bad_usage, message + " (see: coxsim --help)");
}

Result<void> take_nodes(const std::string& text, Options* options) {
  const auto shape = parse_shape(text);
  if (!shape) return Failure(shape.error());
  options->shape = *shape;
  options->has_cores = text.find('x') != std::string::npos;
  return {};
}

Result<void> take_by(const std::string& text, Options* options) {
  if (text != "user" && text != "account") {
    return usage("--by " + quoted(text) + ": neither user nor account");
  }
  options->by = text == "user" ? By::user : By::account;
  return {};
}

Result<void> take_limit(const std::string& text, Options* options) {
  const auto number = parse_u64(text);
  if (!number) return usage("--limit " + quoted(text) + ": no number of lines");
  options->limit = *number;
  return {};
}

Result<void> take_file(const char* name, const std::string& text, std::string* to) {
  if (text.empty()) return usage(std::string(name) + ": no file is named");
  *to = text;
  return {};
}

Result<void> take(int letter, Options* options) {
  switch (letter) {
    case Letter::nodes:
      return take_nodes(optarg, options);
    case Letter::topology:
      return take_file("--topology", optarg, &options->topology);
    case Letter::config:
      options->config = optarg;
      return {};
    case Letter::set:
      options->set.emplace_back(optarg);
      return {};
    case Letter::by:
      return take_by(optarg, options);
    case Letter::limit:
      return take_limit(optarg, options);
    case Letter::csv:
      return take_file("--csv", optarg, &options->csv);
    case Letter::picture:
      return take_file("--picture", optarg, &options->picture);
    case Letter::live:
      return take_file("--live", optarg, &options->live);
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

/// What does not go together.
Result<void> check(const Options& options) {
  const bool has_replay = options.shape.nodes != 0 || !options.topology.empty() ||
                          options.by != By::nobody || !options.csv.empty() ||
                          !options.picture.empty();
  if (!options.live.empty() && has_replay) {
    return usage("of a running cluster only --config, --set and --json are asked");
  }
  if (options.topology.empty() || !options.has_cores) return {};
  return usage("--nodes with --topology: only a number of nodes, their cores are the topology's");
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
  if (options.live.empty()) {
    if (optind + 1 != argc) return usage(optind == argc ? "no log is named" : "more than one log");
    options.log = argv[optind];
  } else if (optind != argc) {
    return usage(quoted(argv[optind]) + ": a log is not replayed beside --live");
  }
  if (const auto checked = check(options); !checked) return Failure(checked.error());
  return options;
}

}  // namespace cox::sim
