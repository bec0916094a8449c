// Each is looked at where it goes wrong: files, addresses, what nodes say of failed starts.
#include "cmds/doctor/first_day.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "cmds/client/cluster_dir.h"
#include "cmds/client/find_cluster.h"
#include "common/node_list.h"
#include "common/text.h"
#include "model/node_fault.h"
#include "platform/private_file.h"

namespace cox::cmds {
namespace {

constexpr std::int64_t clock_skew_max_us = 2'000'000;
constexpr off_t raw_key_bytes = 32;
constexpr off_t key_text_bytes_max = 66;  // hexadecimal, with a line break

/// The mend for a socket's path, told by what stands there.
std::string mend_of_socket(const std::string& path) {
  struct stat found {};

  if (::stat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return "this is no socket; give the controller's, or its directory";
    if (::access(path.c_str(), W_OK) != 0) return "this user may not use the socket";
    return "nobody listens there any more: start the controller (cox up --dir " +
           path.substr(0, path.rfind('/')) + ", or systemctl start coxctld)";
  }
  if (errno == EACCES) return "this user may not look into " + path.substr(0, path.rfind('/'));
  return "no controller has been started there: cox up, or systemctl start coxctld; another one: "
         "--cluster or COX_CLUSTER";
}

std::string mend_of_host(const platform::Address& address, const std::string& message) {
  const std::string port = std::to_string(address.port);
  if (message.find("no such host") != std::string::npos) {
    return "mend the name, or this host's /etc/hosts or DNS";
  }
  if (message.find("refused") != std::string::npos) {
    return "does coxctld run on " + address.host + ", and does it listen at port " + port +
           ": controller of coxswain.toml, or --listen";
  }
  return "can " + address.host + " be reached from here, and does a firewall let port " + port +
         " through";
}

std::string key_file_in_use() {
  if (const char* named = std::getenv("COX_KEY_FILE"); named != nullptr && *named != '\0') {
    return named;
  }
  const std::string own = cluster_key_file(default_cluster_dir());
  return ::access(own.c_str(), F_OK) == 0 ? own : "/etc/coxswain/cluster.key";
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// What is found on several nodes for one reason is one finding.
struct Cause {
  const char* name;
  std::string_view sign;  // in the reason of the node
  const char* mend;
};

constexpr Cause causes[] = {
    {"users", user_unknown_on_node,
     "every node needs the users of the controller: getent passwd there, same numbers"},
    {"rights", daemon_is_not_root, "run coxnoded as root to run jobs of every user"},
};

}  // namespace

Finding unreachable_controller(const Parsed& given, const Error& error) {
  Finding finding{Grade::failed, "controller", error.message, ""};
  const auto cluster = find_cluster(given.value("cluster"));
  if (!cluster) return finding;  // it says where it looked, and the mend
  if (error.code == Code::not_permitted) {
    finding.mend = cluster->address.is_unix()
                       ? mend_of_socket(cluster->address.path)
                       : "the key of this host has to be the controller's: " + key_file_in_use();
  } else if (error.code == Code::unreachable) {
    finding.mend = cluster->address.is_unix() ? mend_of_socket(cluster->address.path)
                                              : mend_of_host(cluster->address, error.message);
    // It was reached, and wants a credential that nobody here gives.
    if (error.message.starts_with("munge:") || contains(error.message, ": munge:")) {
      finding.mend = "the cluster's auth is \"munge\": systemctl start munge, on this machine";
    }
  }
  return finding;
}

void examine_key(const Parsed& given, std::vector<Finding>* findings) {
  const auto cluster = find_cluster(given.value("cluster"));
  if (!cluster || cluster->address.is_unix()) return;  // the kernel says who we are
  const std::string path = key_file_in_use();

  struct stat found {};

  const std::string mend = "copy the controller's cluster.key there, mode 600";
  if (::stat(path.c_str(), &found) != 0) {
    // With munge none is needed; who is refused for want of it hears so from the controller.
    findings->push_back(
        {Grade::warning, "key", path + " is not there", "needed where auth is \"local\": " + mend});
  } else if (found.st_size != raw_key_bytes &&
             (found.st_size < 2 * raw_key_bytes || found.st_size > key_text_bytes_max)) {
    findings->push_back({Grade::failed, "key",
                         path + " has " + std::to_string(found.st_size) + " bytes, not 32", mend});
  } else if (::access(path.c_str(), R_OK) != 0) {
    findings->push_back(
        {Grade::failed, "key", path + " may not be read by this user",
         "commands of users go through their node: COX_CLUSTER=DIR/noded-NAME.sock"});
  } else if (const auto fault = platform::privacy_fault(path, ::geteuid())) {
    findings->push_back({Grade::failed, "key", fault->what, fault->mend});
  } else {
    findings->push_back({Grade::ok, "key", path + " is closed to others", ""});
  }
}

void examine_munge(const Result<std::string>& credential, std::vector<Finding>* findings) {
  if (credential) {
    findings->push_back({Grade::ok, "munge", "gives credentials on this machine", ""});
    return;
  }
  const std::string& why = credential.error().message;
  findings->push_back({Grade::failed, "munge", why,
                       contains(why, "no such program")
                           ? "the cluster's auth is \"munge\": apt-get install munge, with the "
                             "munge.key of the controller's host"
                           : "the cluster's auth is \"munge\": systemctl start munge"});
}

void examine_clock(const wire::StatusReply& status,
                   std::int64_t asked_us,
                   std::int64_t answered_us,
                   std::vector<Finding>* findings) {
  // An older controller says only when it was started.
  const bool is_told = status.now_us() != 0;
  const std::int64_t told = is_told ? status.now_us() : std::min(status.started_us(), answered_us);
  const std::int64_t ahead = told - answered_us;
  const std::int64_t behind = is_told ? asked_us - told : 0;
  const std::int64_t apart = std::max(ahead, behind);
  if (apart <= clock_skew_max_us) {
    findings->push_back({Grade::ok, "clock", "agrees with the controller's", ""});
    return;
  }
  findings->push_back({Grade::failed, "clock",
                       "the controller's is " + std::to_string(apart / 1'000'000) + " s " +
                           (ahead > 0 ? "ahead of" : "behind") + " this machine's",
                       "synchronise the clocks: munge and times of jobs depend on them"});
}

void examine_starts(const wire::NodeList& nodes, std::vector<Finding>* findings) {
  std::set<std::string> explained;
  for (const Cause& cause : causes) {
    std::vector<std::string> names;
    std::string reason;
    for (const wire::NodeView& node : nodes.nodes()) {
      if (!contains(node.reason(), cause.sign)) continue;
      names.push_back(node.name());
      explained.insert(node.name());
      reason = node.reason();
    }
    if (names.empty()) continue;
    findings->push_back(
        {Grade::failed, cause.name, fold_node_list(names) + ": " + reason, cause.mend});
  }
  for (const wire::NodeView& node : nodes.nodes()) {
    const bool is_in_trouble = node.state() == "resting" || node.state() == "failed";
    if (!is_in_trouble || explained.contains(node.name())) continue;
    findings->push_back({Grade::warning, "starts", node.name() + ": " + node.reason(),
                         "mend it there; at once of use again: cox node resume " + node.name()});
  }
}

void examine_addresses(const wire::NodeList& nodes, std::vector<Finding>* findings) {
  std::set<std::string> machines;
  std::vector<std::string> hidden;
  for (const wire::NodeView& node : nodes.nodes()) {
    // The boot id of emulated nodes carries the run directory behind it.
    constexpr std::size_t boot_id_size = 36;
    machines.insert(node.boot_id().substr(0, boot_id_size));
    const std::string& address = node.address();
    const bool is_hidden = address.empty() || address == "localhost" || address.starts_with("127.");
    if (is_hidden) hidden.push_back(node.name());
  }
  if (machines.size() < 2 || hidden.empty()) return;
  findings->push_back({Grade::failed, "addresses",
                       "steps cannot be reached from other nodes: " + fold_node_list(hidden),
                       "start coxnoded there with --address HOST"});
}

bool may_make_namespaces() {
  const pid_t child = ::fork();
  if (child == 0) {
    const int flags = ::geteuid() == 0 ? CLONE_NEWUTS : CLONE_NEWUSER | CLONE_NEWUTS;
    ::_exit(::unshare(flags) == 0 ? 0 : 1);
  }
  int status = 1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace cox::cmds
