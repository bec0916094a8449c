// getopt_long compiles in no time and takes shortened long options.
#include "noded/options.h"

#include <getopt.h>
#include <limits.h>
#include <unistd.h>

#include <array>

#include "common/node_list.h"
#include "common/text.h"

namespace cox::noded {
namespace {

constexpr std::uint32_t emulated_nodes_max = 4096;
constexpr std::uint32_t pretended_nodes_max = 65'536;
constexpr std::uint32_t memory_fraction_max = 65'536;

enum OptionCode : int {
  option_controller = 256,
  option_name,
  option_dir,
  option_topology,
  option_memory_fraction,
  option_emulate,
  option_pretend,
  option_key_file,
  option_cluster,
  option_address,
  option_log_file,
  option_stepd,
  option_boot_id,
  option_foreground,
  option_await_input,
  option_help,
  option_version,
};

constexpr std::array long_options{
    option{"controller", required_argument, nullptr, option_controller},
    option{"name", required_argument, nullptr, option_name},
    option{"dir", required_argument, nullptr, option_dir},
    option{"topology", required_argument, nullptr, option_topology},
    option{"memory-fraction", required_argument, nullptr, option_memory_fraction},
    option{"emulate", required_argument, nullptr, option_emulate},
    option{"pretend", required_argument, nullptr, option_pretend},
    option{"key-file", required_argument, nullptr, option_key_file},
    option{"cluster", required_argument, nullptr, option_cluster},
    option{"address", required_argument, nullptr, option_address},
    option{"log-file", required_argument, nullptr, option_log_file},
    option{"stepd", required_argument, nullptr, option_stepd},
    option{"boot-id", required_argument, nullptr, option_boot_id},
    option{"foreground", no_argument, nullptr, option_foreground},
    option{"await-input", no_argument, nullptr, option_await_input},
    option{"help", no_argument, nullptr, option_help},
    option{"version", no_argument, nullptr, option_version},
    option{nullptr, 0, nullptr, 0},
};

Failure bad_option(const std::string& option, const std::string& value, const std::string& why) {
  return fail(Code::bad_usage, option + " " + quoted(value) + ": " + why);
}

// "K" as well as "1/K".
Result<std::uint32_t> parse_fraction(const std::string& text) {
  const std::string_view digits =
      text.starts_with("1/") ? std::string_view(text).substr(2) : std::string_view(text);
  const auto number = parse_u64(digits);
  if (!number || *number == 0 || *number > memory_fraction_max) {
    return bad_option("--memory-fraction", text,
                      "not a number from 1 to " + std::to_string(memory_fraction_max));
  }
  return static_cast<std::uint32_t>(*number);
}

Result<Emulation> parse_emulation(const std::string& text) {
  const auto parts = split(text, ':');
  const auto index = parse_u64(parts[0]);
  const auto count = parts.size() == 2 ? parse_u64(parts[1]) : std::optional<std::uint64_t>{};
  if (!index || !count || *count == 0 || *count > emulated_nodes_max || *index >= *count) {
    return bad_option("--emulate", text, "not INDEX:COUNT with INDEX below COUNT");
  }
  return Emulation{static_cast<std::uint32_t>(*index), static_cast<std::uint32_t>(*count)};
}

Result<void> take_name(const char* option, const std::string& value, std::string* to) {
  if (!is_node_name(value)) {
    return bad_option(option, value, "not a name (letters, digits, '-', '_', '.'; at most 64)");
  }
  *to = value;
  return {};
}

Result<void> take_path(const char* option, const std::string& value, std::string* to) {
  if (value.empty()) return bad_option(option, value, "not a path");
  *to = value;
  return {};
}

template <class T>
Result<void> take_result(Result<T> value, T* to) {
  if (!value) return tl::unexpected(value.error());
  *to = std::move(*value);
  return {};
}

Result<void> take_option(int code, const std::string& value, Options* options) {
  switch (code) {
    case option_controller: {
      auto address = platform::parse_address(value);
      if (!address) return tl::unexpected(address.error().with_context("--controller"));
      options->controller = *address;
      return {};
    }
    case option_name:
      return take_name("--name", value, &options->name);
    case option_cluster:
      return take_name("--cluster", value, &options->cluster);
    case option_dir:
      return take_path("--dir", value, &options->dir);
    case option_topology:
      return take_path("--topology", value, &options->topology);
    case option_key_file:
      return take_path("--key-file", value, &options->key_file);
    case option_address:
      return take_path("--address", value, &options->address);
    case option_log_file:
      return take_path("--log-file", value, &options->log_file);
    case option_stepd:
      return take_path("--stepd", value, &options->stepd);
    case option_boot_id:
      return take_name("--boot-id", value, &options->boot_id);
    case option_memory_fraction:
      return take_result(parse_fraction(value), &options->memory_fraction);
    case option_emulate: {
      auto emulation = parse_emulation(value);
      if (!emulation) return tl::unexpected(emulation.error());
      options->emulation = *emulation;
      return {};
    }
    case option_pretend: {
      const auto count = parse_u64(value);
      if (!count || *count == 0 || *count > pretended_nodes_max) {
        return bad_option("--pretend", value,
                          "not a number from 1 to " + std::to_string(pretended_nodes_max));
      }
      options->pretended = static_cast<std::uint32_t>(*count);
      return {};
    }
    default:
      return {};
  }
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  const std::string whole(name.data());
  return whole.substr(0, whole.find('.'));
}

Result<Options> complete(Options options) {
  if (options.wants_help || options.wants_version) return options;
  if (options.pretended && options.emulation) {
    return fail(Code::bad_usage, "--pretend and --emulate: one of them, not both");
  }
  if (options.pretended && !options.name.empty()) {
    return fail(Code::bad_usage,
                "--name " + quoted(options.name) + ": pretended nodes are n1, n2 and so on");
  }
  if (options.pretended) options.name = "pretended";  // of its files
  if (options.name.empty()) {
    auto taken = take_name("--name", host_name(), &options.name);
    if (!taken) return tl::unexpected(taken.error().with_context("this host's name"));
  }
  if (options.controller == platform::Address{})
    options.controller.path = options.dir + "/ctld.sock";
  return options;
}

}  // namespace

Result<Options> parse_options(int argc, char** argv) {
  Options options;
  optind = 0;
  bool is_foreground = false;
  while (true) {
    // ':' first: no messages of getopt's own, and a missing value told apart.
    const int code = getopt_long(argc, argv, ":hV", long_options.data(), nullptr);
    if (code == -1) break;
    if (code == '?') return fail(Code::bad_usage, "unknown option " + quoted(argv[optind - 1]));
    if (code == ':') return fail(Code::bad_usage, quoted(argv[optind - 1]) + " needs a value");
    options.wants_help |= code == 'h' || code == option_help;
    options.wants_version |= code == 'V' || code == option_version;
    is_foreground |= code == option_foreground;
    options.awaits_input |= code == option_await_input;
    auto taken = take_option(code, optarg == nullptr ? "" : optarg, &options);
    if (!taken) return tl::unexpected(taken.error());
  }
  if (optind < argc) {
    return fail(Code::bad_usage, "unexpected argument " + quoted(argv[optind]));
  }
  if (is_foreground) options.log_file.clear();
  return complete(std::move(options));
}

std::string usage_text() {
  return "usage: coxnoded [OPTIONS]\n"
         "  --controller ADDRESS   socket path or host:port (default: DIR/ctld.sock)\n"
         "  --name NAME            of this node (default: the host's name)\n"
         "  --dir DIR              run directory (default: /run/coxswain)\n"
         "  --cluster NAME         refuse a controller of another cluster\n"
         "  --key-file FILE        the cluster's key (default: DIR/cluster.key)\n"
         "  --address HOST         where other hosts reach steps of this node\n"
         "  --topology TEXT        hwloc XML file or synthetic description\n"
         "  --memory-fraction K    report 1/K of the memory\n"
         "  --emulate INDEX:COUNT  one of several nodes on this machine\n"
         "  --pretend N            be the nodes n1 to nN, and run nothing\n"
         "  --stepd PATH           the supervisor (default: coxstepd beside coxnoded)\n"
         "  --boot-id ID           instead of this machine's, for a node that is played\n"
         "  --log-file FILE        (default: standard error)\n"
         "  --foreground           log to standard error whatever --log-file says\n"
         "  --await-input          register when standard input ends\n"
         "  -h, --help             print this and exit\n"
         "  -V, --version          print the version and exit\n";
}

}  // namespace cox::noded
