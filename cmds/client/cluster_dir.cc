// Reads and writes the record of a cluster; looks at its daemons through their locks.
#include "cmds/client/cluster_dir.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <filesystem>
#include <utility>

#include "cmds/client/find_cluster.h"
#include "common/node_list.h"
#include "common/text.h"
#include "platform/descriptor.h"
#include "platform/file.h"
#include "platform/helper_program.h"
#include "platform/process.h"

namespace cox::cmds {
namespace {

constexpr int kill_time_ms = 10'000;

std::string record_file(const std::string& dir) {
  return dir + "/up.conf";
}

platform::Descriptor open_pidfd(int pid) {
  return platform::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

bool wait_on(const platform::Descriptor& pidfd, int time_out_ms) {
  pollfd gone{pidfd.get(), POLLIN, 0};
  return ::poll(&gone, 1, time_out_ms) == 1;
}

std::string stopped_file(const std::string& dir) {
  return dir + "/stopped";
}

struct Dying {
  Daemon process;
  platform::Descriptor pidfd;
};

Result<void> send_signal(const Dying& one, int signal) {
  if (::syscall(SYS_pidfd_send_signal, one.pidfd.get(), signal, nullptr, 0) == 0 ||
      errno == ESRCH) {
    return {};
  }
  return Failure(platform::system_error(
      "end " + one.process.name + " " + std::to_string(one.process.pid), errno));
}

/// Leaves in `dying` what did not end in that time, which is that of all together.
void wait_for_all(std::vector<Dying>* dying, int time_out_ms) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::milliseconds(time_out_ms);
  std::erase_if(*dying, [&](const Dying& one) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return wait_on(one.pidfd, std::max(0, static_cast<int>(left)));
  });
}

}  // namespace

std::string absolute_path(const std::string& path) {
  if (path.empty()) return path;
  std::array<char, PATH_MAX> here{};
  std::string whole = path;
  if (!path.starts_with('/')) {
    if (::getcwd(here.data(), here.size()) == nullptr) return path;
    whole = std::string(here.data()) + "/" + path;
  }
  whole = std::filesystem::path(whole).lexically_normal();
  while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
  return whole;
}

Result<std::string> cluster_dir(const Parsed& given) {
  if (!given.has("dir")) return own_cluster_dir();
  const std::string dir = absolute_path(given.value("dir"));
  // A socket's path has room for about a hundred bytes.
  constexpr std::size_t dir_bytes_max = 70;
  if (!dir.starts_with('/')) {
    return fail(Code::not_found, "--dir " + cox::quoted(given.value("dir")) +
                                     ": this directory is gone (see: --dir with a whole path)");
  }
  if (dir == "/") {
    return fail(Code::bad_usage, "--dir /: a directory of its own is expected");
  }
  if (dir.size() <= dir_bytes_max) return dir;
  return fail(Code::bad_usage, "--dir " + cox::quoted(given.value("dir")) + ": a path of at most " +
                                   std::to_string(dir_bytes_max) + " bytes is expected");
}

Result<ClusterRecord> read_record(const std::string& dir) {
  const auto text = platform::read_file(record_file(dir), 65'536);
  if (!text && text.error().code == Code::not_found) {
    return fail(Code::not_found, dir + ": no cluster made by cox up");
  }
  if (!text) return Failure(text.error());
  ClusterRecord record;
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, space);
    const std::string value(line.substr(space + 1));
    if (key == "topology") record.topology = value;
    if (key == "config") record.config = value;
    if (key == "pretend") record.pretends = value == "yes";
    if (key != "nodes") continue;
    const auto nodes = number_option("nodes", value, 1, pretended_nodes_max);
    if (!nodes) return Failure(nodes.error().with_context(record_file(dir)));
    record.nodes = *nodes;
  }
  return record;
}

Result<void> write_record(const std::string& dir, const ClusterRecord& record) {
  std::string text = "nodes " + std::to_string(record.nodes) + "\n";
  if (record.pretends) text += "pretend yes\n";
  if (!record.topology.empty()) text += "topology " + record.topology + "\n";
  if (!record.config.empty()) text += "config " + record.config + "\n";
  return platform::write_file_atomic(record_file(dir), text);
}

bool is_record_name(const std::string& name) {
  return name == "up.conf" || name == "stopped";
}

std::string private_name(const std::string& dir) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : dir) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  const std::array<char, 4> bytes = {
      static_cast<char>(hash >> 24U), static_cast<char>(hash >> 16U & 0xFFU),
      static_cast<char>(hash >> 8U & 0xFFU), static_cast<char>(hash & 0xFFU)};
  return "up-" + to_hex({bytes.data(), bytes.size()});
}

Result<std::string> write_private_config(const std::string& dir, std::uint32_t nodes) {
  const std::string path = dir + "/cox.toml";
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < nodes; ++i) names.push_back(node_name(i));
  // With its nodes named the controller knows what no node will ever fit, and refuses it.
  const auto written = platform::write_file_atomic(
      path, "# Written by cox up.\n[cluster]\nname = \"" + private_name(dir) +
                "\"\n\n[[partition]]\nname = \"batch\"\nnodes = \"" + fold_node_list(names) +
                "\"\ndefault = true\n");
  if (!written) return Failure(written.error());
  return path;
}

std::string node_name(std::uint32_t index) {
  return "n" + std::to_string(index + 1);
}

std::string controller_pid_file(const std::string& dir) {
  return dir + "/ctld.pid";
}

std::string node_socket(const std::string& dir, const std::string& node) {
  return dir + "/noded-" + node + ".sock";
}

std::string node_pid_file(const std::string& dir, const std::string& node) {
  return dir + "/noded-" + node + ".pid";
}

std::string foreign_owner(const std::string& dir) {
  struct stat found {};

  if (::geteuid() == 0 || ::stat(dir.c_str(), &found) != 0) return "";
  if (found.st_uid == ::geteuid()) return "";
  const auto name = platform::find_user_name(std::to_string(found.st_uid));
  return name ? *name : "uid " + std::to_string(found.st_uid);
}

std::vector<Daemon> running_daemons(const std::string& dir) {
  std::vector<Daemon> daemons;
  const int controller = platform::lock_holder(controller_pid_file(dir)).value_or(0);
  if (controller != 0) daemons.push_back({"coxctld", controller});
  const auto names = platform::list_directory(dir);
  if (!names) return daemons;
  for (const std::string& name : *names) {
    if (!name.starts_with("noded-") || !name.ends_with(".pid")) continue;
    const int pid = platform::lock_holder(dir + "/" + name).value_or(0);
    const std::string node = name.substr(6, name.size() - 10);
    if (pid != 0) daemons.push_back({"coxnoded " + node, pid});
  }
  return daemons;
}

bool wait_until_gone(int pid, int time_out_ms) {
  const platform::Descriptor pidfd = open_pidfd(pid);
  return !pidfd.is_open() || wait_on(pidfd, time_out_ms);
}

Result<void> end_processes(const std::vector<Daemon>& processes, int patience_ms) {
  std::vector<Dying> left;
  for (const Daemon& process : processes) {
    platform::Descriptor pidfd = open_pidfd(process.pid);
    if (pidfd.is_open()) left.push_back({process, std::move(pidfd)});
  }
  for (const int signal : {SIGTERM, SIGKILL}) {
    for (const Dying& one : left) {
      if (auto sent = send_signal(one, signal); !sent) return sent;
    }
    wait_for_all(&left, signal == SIGKILL ? kill_time_ms : patience_ms);
  }
  if (left.empty()) return {};
  const Daemon& one = left.front().process;
  return fail(Code::timed_out, one.name + " " + std::to_string(one.pid) + " does not end");
}

Result<void> end_process(const std::string& name, int pid, int patience_ms) {
  return end_processes({{name, pid}}, patience_ms);
}

std::string stopped_cluster(const std::string& dir) {
  return platform::read_file(stopped_file(dir), 4096).value_or("");
}

Result<void> note_stopped(const std::string& dir, const std::string& cluster) {
  return platform::write_file_atomic(stopped_file(dir), cluster);
}

Result<void> forget_stopped(const std::string& dir) {
  return platform::remove_path(stopped_file(dir));
}

}  // namespace cox::cmds
