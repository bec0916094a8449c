// cox up: a private cluster on this machine, ready when it returns.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "cmds/client/commands.h"
#include "cmds/client/json.h"
#include "cmds/client/session.h"
#include "cmds/client/submission.h"
#include "cmds/client/terminal.h"
#include "cmds/config/local_check.h"
#include "cmds/up/answers.h"
#include "cmds/up/starter.h"
#include "common/count_text.h"
#include "common/text.h"
#include "platform/file.h"
#include "platform/namespace.h"

namespace cox::cmds {
namespace up_locals {
namespace {

/// As a shell reads it back, on one line whatever it holds.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%,=";
  if (text.find_first_not_of(plain) == std::string::npos) return text;
  const bool is_shown = quoted(text, text.size()) == text;
  std::string word = is_shown ? "'" : "$'";
  for (const char c : text) {
    if (c == '\'' || (!is_shown && c == '\\')) {
      word += is_shown ? "'\\''" : std::string("\\") + c;
    } else {
      word += is_shown ? std::string(1, c) : quoted(std::string(1, c), 4);
    }
  }
  return word + "'";
}

OptionTable options() {
  static constexpr std::array table = {
      OptionSpec{"nodes", 'N', "N", "this many emulated nodes; default 1"},
      OptionSpec{"dir", 0, "DIR", "its directory"},
      OptionSpec{"topology", 0, "FILE|SYNTHETIC", "what each node is made of, for hwloc"},
      OptionSpec{"config", 0, "FILE", "configuration of the controller"},
      OptionSpec{"pretend", 0, "", "nodes that run nothing, all in one process"},
      json_option,
      help_option};
  return table;
}

/// Emulated nodes have a /dev/shm of their own and would not see a directory below this one.
Result<void> check_place(const std::string& dir) {
  std::string there = dir;
  auto real = platform::real_path(there);
  while (!real && there.size() > 1) {
    there = there.substr(0, std::max<std::size_t>(1, there.rfind('/')));
    real = platform::real_path(there);
  }
  if (!real || !(*real + "/").starts_with("/dev/shm/")) return {};
  return fail(Code::bad_usage, dir +
                                   ": is below /dev/shm, of which every emulated node has its own "
                                   "(see: --dir with another directory)");
}

/// Files of others would go with the cluster, and those of a cluster could be replaced by others.
Result<void> take_over(const std::string& dir, mode_t mode) {
  const auto names = platform::list_directory(dir);
  if (!names) return Failure(names.error());
  if (!names->empty()) {
    return fail(Code::refused, dir +
                                   ": holds other files, which cox down would remove (see: --dir "
                                   "with a new or empty directory)");
  }
  if (::chmod(dir.c_str(), mode) == 0) return {};
  return Failure(platform::system_error("close " + dir + " to others", errno));
}

/// Ours, no link, and closed to others unless root made it for all users of the machine. One that
/// is there and holds no cluster must be empty. Returns whether it was made now.
Result<bool> make_directory(const std::string& dir, bool has_cluster) {
  const mode_t mode = ::geteuid() == 0 ? 0755 : 0700;

  struct stat found {};

  const bool is_new = ::lstat(dir.c_str(), &found) != 0;
  if (is_new) {
    const auto made = platform::make_directories(dir, mode);
    if (!made) return Failure(made.error());
    return ::chmod(dir.c_str(), mode) == 0;
  }
  if (!S_ISDIR(found.st_mode) || found.st_uid != ::geteuid()) {
    return fail(Code::not_permitted, dir + ": is no directory of yours (see: --dir)");
  }
  const auto taken = has_cluster ? Result<void>() : take_over(dir, mode);
  if (!taken) return Failure(taken.error());
  return false;
}

/// What was asked for now, completed by what stands there already.
Result<ClusterRecord> wanted_record(const Parsed& given, const std::string& dir) {
  const auto known = read_record(dir);
  if (!known && known.error().code != Code::not_found) return Failure(known.error());
  ClusterRecord record = known ? *known : ClusterRecord{};
  record.pretends = record.pretends || given.has("pretend");
  if (given.has("nodes")) {
    const auto nodes = number_option("nodes", given.value("nodes"), 1,
                                     record.pretends ? pretended_nodes_max : emulated_nodes_max);
    if (!nodes) return Failure(nodes.error());
    record.nodes = *nodes;
  }
  if (given.has("topology")) {
    record.topology = given.value("topology");
    if (record.topology.empty()) {
      return fail(Code::bad_usage,
                  "--topology: a file or a description such as package:2 core:8 pu:1");
    }
    const std::string file = absolute_path(record.topology);
    if (platform::path_exists(file)) record.topology = file;
  }
  if (given.has("config")) {
    const auto file = platform::real_path(given.value("config"));
    if (!file) return Failure(file.error().with_context("--config"));
    record.config = *file;
  }
  if (known && !(*known == record)) {
    return fail(Code::refused, dir + ": a cluster of " + count_text(known->nodes, "node") +
                                   " was made there with other options (see: cox down --dir " +
                                   shell_word(dir) + ", or another --dir)");
  }
  return record;
}

/// The one daemon that plays all nodes, where it does not run.
Result<void> start_pretended(const std::string& dir,
                             const ClusterRecord& record,
                             Session& session,
                             Starter& starter) {
  const auto is_missing = lacks_daemon(dir, pretended_name, starter);
  if (!is_missing) return Failure(is_missing.error());
  if (*is_missing) {
    if (auto done = starter.start_pretended(); !done) return done;
  }
  return wait_for_nodes(session, record.nodes, record, starter);
}

/// Starts the node daemons that do not run, all at once. Nodes have their order from their first
/// registration: so each is let in when those before it are heard, and rank 0 of a job is on n1.
Result<void> start_nodes(const std::string& dir,
                         const ClusterRecord& record,
                         Session& session,
                         Starter& starter) {
  if (record.pretends) return start_pretended(dir, record, session, starter);
  std::vector<std::uint32_t> started;
  for (std::uint32_t i = 0; i < record.nodes; ++i) {
    const auto is_missing = lacks_daemon(dir, node_name(i), starter);
    if (!is_missing) return Failure(is_missing.error());
    if (!*is_missing) continue;
    if (auto done = starter.start_node(i); !done) return done;
    started.push_back(i);
  }
  for (const std::uint32_t i : started) {
    starter.let_in(i);
    if (auto done = wait_for_nodes(session, i + 1, record, starter); !done) return done;
  }
  return wait_for_nodes(session, record.nodes, record, starter);
}

/// Until all daemons answer.
Result<void> start_daemons(const std::string& dir, const ClusterRecord& record, Starter& starter) {
  if (auto heeded = starter.heed_signals(); !heeded) return heeded;
  auto session = connect_to_controller(dir, starter);
  if (!session) return Failure(session.error());
  if (auto ready = start_nodes(dir, record, *session, starter); !ready) return ready;
  const auto left_out = left_out_nodes(*session);
  if (!left_out) return Failure(left_out.error());
  if (!left_out->empty()) {
    print_error("no job can come to " + *left_out +
                ": in no partition of the configuration (a cluster made by cox up has nodes n1, " +
                "n2 and so on)");
  }
  return {};
}

struct Outcome {
  std::size_t started = 0;
  int signal = 0;  // that interrupted it
};

/// Starts what does not run. error: what failed, after everything started here was ended
Result<Outcome> start_missing(const std::string& dir, const ClusterRecord& record) {
  Starter starter(dir, record);
  const auto ready = start_daemons(dir, record, starter);
  if (!ready && starter.interrupted()) {
    print_error(ready.error().message);
    return Outcome{0, *starter.interrupted()};
  }
  if (!ready) return Failure(ready.error());
  starter.keep();
  return Outcome{starter.started(), 0};
}

/// After a start that failed: the directory as it was, absent or empty.
void clear_directory(const std::string& dir, bool is_new) {
  if (!running_daemons(dir).empty()) return;
  static_cast<void>(platform::cleanup_emulated_network(dir));
  if (is_new) {
    static_cast<void>(platform::remove_tree(dir));
    return;
  }
  const auto names = platform::list_directory(dir);
  if (!names) return;
  for (const std::string& name : *names) {
    static_cast<void>(platform::remove_tree(dir + "/" + name));
  }
}

std::string ready_document(const std::string& dir,
                           const ClusterRecord& record,
                           std::size_t started) {
  JsonWriter json;
  json.text("directory", dir);
  json.number("nodes", record.nodes);
  json.boolean("pretends", record.pretends);
  json.number("started", std::uint64_t{started});
  return json.take();
}

std::string ready_text(const std::string& dir, const ClusterRecord& record, std::size_t started) {
  std::string text = started == 0 ? "cluster stands already: " : "cluster is ready: ";
  text += count_text(record.nodes, record.pretends ? "pretended node" : "node") + " in " +
          quoted(dir, dir.size()) + "\n";
  if (dir != default_cluster_dir()) {
    text += "to use it: export COX_CLUSTER=" + shell_word(dir) + "\n";
  }
  return text;
}

Result<int> run(const Parsed& given) {
  if (!given.operands().empty()) {
    return usage_error(given.command(),
                       quoted(given.operands().front()) + ": nothing is expected here");
  }
  const auto dir = cluster_dir(given);
  if (!dir) return Failure(dir.error());
  const auto placed = check_place(*dir);
  if (!placed) return Failure(placed.error());
  const auto record = wanted_record(given, *dir);
  if (!record) return Failure(record.error());
  const bool was_recorded = read_record(*dir).has_value();
  if (!was_recorded && !record->config.empty()) {
    const auto status = complain_here(record->config);
    if (!status || *status != 0) return status;
  }
  const auto is_new = make_directory(*dir, was_recorded);
  if (!is_new) return Failure(is_new.error());
  const auto written = write_record(*dir, *record);
  const auto outcome =
      written ? start_missing(*dir, *record) : Result<Outcome>(Failure(written.error()));
  const bool is_up = outcome && outcome->signal == 0;
  if (!is_up && !was_recorded) clear_directory(*dir, *is_new);
  if (!outcome) return Failure(outcome.error());
  if (!is_up) return 128 + outcome->signal;
  const auto printed = print(given.has("json") ? ready_document(*dir, *record, outcome->started)
                                               : ready_text(*dir, *record, outcome->started));
  if (!printed) return Failure(printed.error());
  return 0;
}

}  // namespace
}  // namespace up_locals

const Command up_command{"up",
                         "[OPTIONS]",
                         "start a private cluster on this machine",
                         up_locals::options,
                         Operands::anywhere,
                         0,
                         up_locals::run};

}  // namespace cox::cmds
