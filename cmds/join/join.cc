// cox join: makes this host a node of a cluster whose controller is on another.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <utility>

#include "cmds/client/cluster_dir.h"
#include "cmds/client/commands.h"
#include "cmds/client/json.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/join/host.h"
#include "cmds/join/service_files.h"
#include "cmds/up/starter.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/time.h"
#include "platform/file.h"
#include "platform/random.h"

namespace cox::cmds {
namespace join_locals {
namespace {

constexpr Duration ready_time = seconds(60);
constexpr int pause_ms = 50;
constexpr Duration valid_max = minutes(std::int64_t{7} * 1440);
constexpr const char* system_dir = "/run/coxswain";
constexpr const char* system_key_file = "/etc/coxswain/cluster.key";

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"token", 0, "TOKEN", "of the cluster; - reads it from standard input"},
      OptionSpec{"name", 0, "NAME", "of the node; default: this host's"},
      OptionSpec{"address", 0, "HOST", "where other nodes reach this one"},
      OptionSpec{"dir", 0, "DIR", "run directory of the node daemon"},
      OptionSpec{"etc", 0, "DIR", "where the files of its service are kept"},
      OptionSpec{"print-token", 0, "", "print a new token of this host's cluster"},
      OptionSpec{"valid", 0, "SPAN", "how long it is good; default: 1h"},
      json_option,
      help_option};
  return table;
}

/// What a node daemon or a controller of this host uses, unless told otherwise.
Result<std::string> run_dir(const Parsed& given) {
  if (!given.has("dir") && ::geteuid() == 0) return std::string(system_dir);
  return cluster_dir(given);
}

Result<Duration> validity(const Parsed& given) {
  if (!given.has("valid")) return minutes(60);
  const auto span = parse_span(given.value("valid"));
  if (span && *span >= seconds(1) && *span <= valid_max) return *span;
  return fail(Code::bad_usage,
              "--valid " + quoted(given.value("valid")) + ": not a span from 1s to 7d, such as 1h");
}

/// A controller that is a service has its key below /etc.
Result<std::string> controllers_key(const Parsed& given, const std::string& dir) {
  auto key = platform::read_file(cluster_key_file(dir), key_bytes);
  const bool is_elsewhere =
      !key && key.error().code == Code::not_found && !given.has("dir") && dir == system_dir;
  if (is_elsewhere) key = platform::read_file(system_key_file, key_bytes);
  if (key) return key;
  return Failure(key.error().with_context("no controller's key there (see: --dir)"));
}

/// With MUNGE there is nothing that a token could give. A token is made of the key alone: where no
/// controller answers nothing is asked.
Result<void> check_needs_tokens(const std::string& dir) {
  auto session =
      Session::open(ClusterAddress{platform::Address{controller_socket(dir), "", 0}, ""});
  if (!session) return {};
  wire::ClientRequest request;
  request.mutable_status();
  const auto reply = session->ask(request);
  if (!reply || reply->status().auth() != "munge") return {};
  return fail(Code::refused,
              "--print-token: cluster " + quoted(reply->status().cluster()) +
                  " has auth = \"munge\": hosts with its MUNGE key need no token (there: "
                  "systemctl start coxnoded)");
}

Result<int> print_token(const Parsed& given) {
  if (!given.operands().empty() || given.has("token") || given.has("etc")) {
    return usage_error(given.command(),
                       "--print-token: only --valid and --dir may stand beside it");
  }
  const auto valid = validity(given);
  if (!valid) return Failure(valid.error());
  const auto dir = run_dir(given);
  if (!dir) return Failure(dir.error());
  if (auto needed = check_needs_tokens(*dir); !needed) return Failure(needed.error());
  const auto key = controllers_key(given, *dir);
  if (!key) return Failure(key.error());
  const auto token =
      wire::make_token(*key, wall_now() + *valid, platform::random_bytes(wire::token_random_bytes));
  const auto printed = print(wire::token_text(token) + "\n");
  if (!printed) return Failure(printed.error());
  return 0;
}

struct Joining {
  platform::Address controller;
  wire::JoinToken token;
  std::string name;
  std::string dir;
  std::string address;  // where other nodes reach this one
  ServiceFiles files{""};

  ServiceOptions service() const {
    return {controller.text(), name, address, dir == system_dir ? "" : dir};
  }
};

/// On a host of its own the node is to come back with it.
std::string given_etc(const Parsed& given) {
  const std::string etc = given.value("etc");
  if (given.has("etc")) return etc.empty() ? etc : absolute_path(etc);
  return !given.has("dir") && ::geteuid() == 0 ? "/etc" : "";
}

Result<std::string> given_name(const Parsed& given) {
  std::string name = given.value("name");
  const char* what = "--name ";
  if (!given.has("name")) {
    std::array<char, HOST_NAME_MAX + 1> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = 0;
    name = host.data();
    name = name.substr(0, name.find('.'));
    what = "this host's name ";
  }
  if (is_node_name(name)) return name;
  return fail(Code::bad_usage, what + quoted(name) +
                                   ": no name of a node: letters, digits, '-', '_', '.', at most "
                                   "64 (see: --name)");
}

Result<Joining> read_options(const Parsed& given) {
  if (given.operands().size() != 1) {
    return usage_error(given.command(),
                       given.operands().empty()
                           ? "the controller's address is missing"
                           : quoted(given.operands()[1]) + ": nothing is expected here");
  }
  Joining joining;
  const auto controller = platform::parse_address(given.operands().front());
  if (!controller) return Failure(controller.error());
  if (controller->is_unix()) {
    return fail(Code::bad_usage, quoted(given.operands().front()) +
                                     ": HOST or HOST:PORT of the controller is expected");
  }
  joining.controller = *controller;
  if (given.has("valid")) return usage_error(given.command(), "--valid: only --print-token has it");
  const auto token = read_token(given.value("token"));
  if (!token) return Failure(token.error());
  joining.token = *token;
  const auto name = given_name(given);
  if (!name) return Failure(name.error());
  joining.name = *name;
  const auto dir = run_dir(given);
  if (!dir) return Failure(dir.error());
  joining.dir = *dir;
  joining.address = given.value("address");
  joining.files = ServiceFiles(given_etc(given));
  return joining;
}

/// The node as the controller sees it; without a name where it does not know it yet.
Result<wire::NodeView> find_node(Session& session, const std::string& name) {
  wire::ClientRequest request;
  request.mutable_list_nodes();
  const auto reply = session.ask(request);
  if (!reply) return Failure(reply.error());
  for (const wire::NodeView& node : reply->nodes().nodes()) {
    if (node.name() == name) return node;
  }
  return wire::NodeView();
}

/// It registered since: what was heard of it before says nothing.
bool is_here(const wire::NodeView& node, std::int64_t heard_before_us) {
  return node.last_heard_us() > heard_before_us && node.state() != "silent" &&
         node.state() != "lost";
}

Result<wire::NodeView> wait_for_node(Session& session,
                                     const Joining& joining,
                                     std::int64_t heard_before_us,
                                     Starter& starter) {
  const Instant deadline = wall_now() + ready_time;
  Progress progress;
  while (true) {
    auto node = find_node(session, joining.name);
    if (!node || is_here(*node, heard_before_us)) return node;
    progress.show("waiting for node " + joining.name);
    const auto alive = starter.check_alive();
    if (!alive) return Failure(alive.error());
    if (wall_now() >= deadline) {
      return fail(Code::timed_out, "node " + joining.name + " is not registered after 60 s: " +
                                       last_line(joining.dir + "/noded-" + joining.name + ".log"));
    }
    starter.pause(pause_ms);
  }
}

Result<void> check_key(const std::string& file, const wire::JoinToken& token, const char* mend) {
  const auto known = platform::read_file(file, key_bytes);
  if (!known || wire::token_secret(*known, token.open) == token.secret) return {};
  return fail(Code::refused, file + ": is the key of another cluster than the token's (see: " +
                                 mend + " with another directory)");
}

/// Whether this host may become that node, before the token is used up.
Result<void> check_directory(const Joining& joining) {
  if (const int pid = platform::lock_holder(node_pid_file(joining.dir, joining.name)).value_or(0)) {
    return fail(Code::refused,
                "node " + joining.name + " runs here already, as process " + std::to_string(pid));
  }
  auto fits = check_key(cluster_key_file(joining.dir), joining.token, "--dir");
  if (fits && joining.files.are_kept()) {
    fits = check_key(joining.files.key_file(), joining.token, "--etc");
  }
  if (fits) fits = joining.files.check(joining.service());
  return fits;
}

/// A directory that was made for nothing goes again.
class MadeDirectory {
 public:
  static Result<MadeDirectory> make(const std::string& path) {
    const bool is_there = platform::path_exists(path);
    if (auto made = platform::make_directories(path); !made) return Failure(made.error());
    return MadeDirectory(is_there ? "" : path);
  }

  MadeDirectory(MadeDirectory&& other) noexcept : path_(std::exchange(other.path_, "")) {}

  MadeDirectory(const MadeDirectory&) = delete;
  MadeDirectory& operator=(const MadeDirectory&) = delete;
  MadeDirectory& operator=(MadeDirectory&&) = delete;

  /// Only when it is still empty.
  ~MadeDirectory() {
    if (!path_.empty()) ::rmdir(path_.c_str());
  }

 private:
  explicit MadeDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;
};

std::string joined_text(const wire::NodeView& node, bool has_service, bool is_json) {
  if (is_json) {
    JsonWriter json;
    json.text("node", node.name());
    json.text("state", node.state());
    json.text("address", node.address());
    return json.take();
  }
  std::string text = "node " + node.name() + " has joined: " + node.state();
  if (!node.reason().empty()) text += ", " + node.reason();
  text += node.partitions().empty() ? ", in no partition (see: cox config plan)\n"
                                    : ", in " + node.partitions() + "\n";
  if (has_service) text += "to start it with this host: systemctl enable coxnoded\n";
  return text;
}

/// The key goes where the daemon looks for it, closed to others.
Result<Session> open_session(const Joining& joining) {
  const auto key = fetch_key(joining.controller, joining.token, joining.name);
  if (!key) return Failure(key.error());
  const auto kept = platform::write_file_atomic(cluster_key_file(joining.dir), *key,
                                                {.mode = 0600, .durable = true});
  if (!kept) return Failure(kept.error());
  return Session::open(ClusterAddress{joining.controller, *key});
}

Result<int> join(const Parsed& given) {
  auto joining = read_options(given);
  if (!joining) return Failure(joining.error());
  if (auto checked = check_directory(*joining); !checked) return Failure(checked.error());
  const auto directory = MadeDirectory::make(joining->dir);
  if (!directory) return Failure(directory.error());
  auto session = open_session(*joining);
  if (!session) return Failure(session.error());
  if (joining->address.empty()) {
    const auto own = own_address(session->descriptor());
    if (!own) return Failure(own.error());
    joining->address = *own;
  }
  const auto before = find_node(*session, joining->name);
  if (!before) return Failure(before.error());
  Starter starter(joining->dir, {});
  if (auto heeded = starter.heed_signals(); !heeded) return Failure(heeded.error());
  const auto started =
      starter.start_host(joining->name, joining->controller.text(), joining->address);
  if (!started) return Failure(started.error());
  const auto node = wait_for_node(*session, *joining, before->last_heard_us(), starter);
  if (!node && starter.interrupted()) {
    print_error(node.error().message);
    return 128 + *starter.interrupted();
  }
  if (!node) return Failure(node.error());
  const auto written = joining->files.write(joining->service(), session->key());
  if (!written) return Failure(written.error());
  starter.keep();
  const auto printed = print(joined_text(*node, joining->files.are_kept(), given.has("json")));
  if (!printed) return Failure(printed.error());
  return 0;
}

Result<int> run(const Parsed& given) {
  return given.has("print-token") ? print_token(given) : join(given);
}

}  // namespace
}  // namespace join_locals

const Command join_command{"join",
                           "ADDRESS --token TOKEN [OPTIONS] | --print-token",
                           "make this host a node of a running cluster",
                           join_locals::options,
                           Operands::anywhere,
                           0,
                           join_locals::run};

}  // namespace cox::cmds
