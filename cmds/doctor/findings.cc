// Examines controller, nodes, directory and machine.
#include "cmds/doctor/findings.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "cmds/client/cluster_dir.h"
#include "cmds/client/find_cluster.h"
#include "cmds/client/views.h"
#include "cmds/doctor/first_day.h"
#include "cmds/down/leftovers.h"
#include "common/count_text.h"
#include "common/node_list.h"
#include "platform/container.h"
#include "platform/file.h"
#include "platform/private_file.h"

namespace cox::cmds {
namespace {

void add(std::vector<Finding>* findings,
         Grade grade,
         const std::string& name,
         const std::string& detail,
         const std::string& mend = "") {
  findings->push_back({grade, name, detail, mend});
}

/// Names of the nodes for which `is_odd` holds.
template <class Predicate>
std::vector<std::string> names_where(const wire::NodeList& nodes, Predicate is_odd) {
  std::vector<std::string> names;
  for (const wire::NodeView& node : nodes.nodes()) {
    if (is_odd(node)) names.push_back(node.name());
  }
  return names;
}

void examine_containment(const wire::NodeList& nodes, std::vector<Finding>* findings) {
  const auto weak = names_where(nodes, [](const wire::NodeView& node) {
    return node.containment().starts_with("process groups");
  });
  if (weak.empty()) {
    const std::string kind = nodes.nodes_size() == 0 ? "no nodes" : nodes.nodes(0).containment();
    add(findings, Grade::ok, "containment", kind);
    return;
  }
  for (const wire::NodeView& node : nodes.nodes()) {
    if (node.name() != weak.front()) continue;
    add(findings, Grade::warning, "containment", fold_node_list(weak) + ": " + node.containment(),
        "limits of cores and memory are not enforced there");
  }
}

/// Whether its disk has room, and what a restart could not understand.
void examine_state(const wire::StatusReply& status, std::vector<Finding>* findings) {
  if (status.storage_full()) {
    add(findings, Grade::failed, "state", "the disk is full: nothing can be changed, jobs go on",
        "make room on the disk of " + status.state_dir());
  }
  if (status.jobs_quarantined() != 0) {
    add(findings, Grade::failed, "state",
        "jobs in quarantine: " + std::to_string(status.jobs_quarantined()),
        "their reasons: cox queue --all; a held one goes on with cox release, or ends with cox "
        "cancel; one that has ended unreadable was lost, and stays in cox history");
  }
  if (status.records_lost_size() != 0) {
    add(findings, Grade::failed, "state",
        std::to_string(status.records_lost_size()) +
            " unreadable records of unknown jobs, the first: " + status.records_lost(0),
        "examine the disk of " + status.state_dir());
  }
}

constexpr const char* service_key_file = "/etc/coxswain/cluster.key";

uid_t owner_of(const std::string& dir) {
  struct stat found {};

  return ::stat(dir.c_str(), &found) == 0 ? found.st_uid : ::geteuid();
}

/// False where there is none.
bool examine_private_key(const std::string& path, uid_t owner, std::vector<Finding>* findings) {
  if (!platform::path_exists(path)) return false;
  const auto fault = platform::privacy_fault(path, owner);
  if (fault) {
    add(findings, Grade::failed, "key", fault->what, fault->mend);
  } else {
    add(findings, Grade::ok, "key", path + " is closed to others");
  }
  return true;
}

}  // namespace

std::string_view grade_word(Grade grade) {
  switch (grade) {
    case Grade::ok:
      return "ok";
    case Grade::warning:
      return "warning";
    case Grade::failed:
      return "failed";
  }
  return "failed";
}

void examine_controller(const wire::StatusReply& status,
                        const platform::Address& address,
                        std::vector<Finding>* findings) {
  add(findings, Grade::ok, "controller",
      "cluster " + status.cluster() + " at " + address.text() + ", pid " +
          std::to_string(status.pid()) + ", up since " + local_time(status.started_us()));
  if (status.version() == COX_VERSION) {
    add(findings, Grade::ok, "version", "all of version " COX_VERSION);
  } else {
    add(findings, Grade::warning, "version",
        "the controller has " + status.version() + ", this command " COX_VERSION,
        "restart the older one");
  }
  examine_state(status, findings);
}

void examine_nodes(const wire::StatusReply& status,
                   const wire::NodeList& nodes,
                   std::vector<Finding>* findings) {
  const auto unheard = names_where(nodes, [](const wire::NodeView& node) {
    return node.state() == "silent" || node.state() == "lost";
  });
  const auto aside = names_where(nodes, [](const wire::NodeView& node) {
    return node.state() == "failed" || node.state() == "unhealthy" || node.state() == "down" ||
           node.state() == "stuck";
  });
  const auto older = names_where(
      nodes, [&](const wire::NodeView& node) { return node.version() != status.version(); });
  if (nodes.nodes_size() == 0) {
    add(findings, Grade::failed, "nodes", "none has ever registered",
        "start coxnoded on a node, or have it join: man cox-join");
  } else if (unheard.empty()) {
    add(findings, Grade::ok, "nodes",
        nodes.nodes_size() == 1 ? "the only one is connected"
                                : "all " + std::to_string(nodes.nodes_size()) + " are connected");
  } else {
    add(findings, Grade::failed, "nodes", "not connected: " + fold_node_list(unheard),
        "start coxnoded there; for a private cluster: cox up");
  }
  if (!aside.empty()) {
    add(findings, Grade::warning, "nodes", "out of service: " + fold_node_list(aside),
        "see cox nodes; back with cox node resume");
  }
  if (!older.empty()) {
    add(findings, Grade::warning, "version", "other versions on " + fold_node_list(older),
        "restart coxnoded there");
  }
  examine_containment(nodes, findings);
}

std::string examined_dir(const Parsed& given) {
  const char* environment = std::getenv("COX_CLUSTER");
  const std::string named = given.has("cluster")     ? given.value("cluster")
                            : environment == nullptr ? ""
                                                     : environment;
  std::string path = absolute_path(named);
  if (named.empty()) {
    const auto cluster = find_cluster("");
    if (!cluster || !cluster->address.is_unix()) return default_cluster_dir();
    path = cluster->address.path;
  }
  return path.ends_with("/ctld.sock") ? path.substr(0, path.rfind('/')) : path;
}

void examine_directory(const Parsed& given, std::vector<Finding>* findings) {
  const std::string dir = examined_dir(given);
  if (const std::string owner = foreign_owner(dir); !owner.empty()) {
    add(findings, Grade::ok, "directory",
        dir + " is " + owner + "'s: its key and its daemons are not examined");
    return;
  }
  const bool has_key = examine_private_key(cluster_key_file(dir), owner_of(dir), findings);
  const auto record = read_record(dir);
  if (!record) {
    // A controller that no cox up started may have it where its service keeps it.
    if (!has_key) examine_private_key(service_key_file, owner_of(dir), findings);
    return;
  }
  if (!has_key) {
    add(findings, Grade::failed, "key",
        cluster_key_file(dir) + " is not there: daemons that start anew are not let in",
        "the controller makes one when it starts: cox down --keep-state --dir " + dir +
            ", then cox up --dir " + dir);
  }
  const auto daemons = running_daemons(dir);
  const std::size_t wanted = (record->pretends ? 1 : record->nodes) + std::size_t{1};
  if (daemons.size() >= wanted) {
    add(findings, Grade::ok, "daemons", std::to_string(daemons.size()) + " run from " + dir);
  } else {
    add(findings, Grade::failed, "daemons",
        std::to_string(daemons.size()) + " of " + std::to_string(wanted) + " run from " + dir,
        "cox up --dir " + dir);
  }
  const auto supervisors = living_supervisors(dir);
  if (daemons.empty() && !supervisors.empty()) {
    add(findings, Grade::warning, "leftovers",
        count_text(supervisors.size(), "supervisor") + " without a daemon",
        "cox up --dir " + dir + ", or cox down --force --dir " + dir);
  }
}

void examine_machine(std::vector<Finding>* findings) {
  const bool has_namespaces = may_make_namespaces();
  add(findings, has_namespaces ? Grade::ok : Grade::warning, "namespaces",
      has_namespaces ? "may be made by this user" : "may not be made by this user",
      has_namespaces ? "" : "emulated nodes share hostname and /dev/shm");
}

}  // namespace cox::cmds
