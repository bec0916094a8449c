// The directory of a cluster made by `cox up`: what was asked for, and which daemons run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmds/client/parse.h"
#include "common/result.h"

namespace cox::cmds {

/// What `cox up` was told, kept at DIR/up.conf for the next one on the same directory.
struct ClusterRecord {
  std::uint32_t nodes = 1;
  bool pretends = false;  // one daemon plays all nodes and runs nothing
  std::string topology;   // absolute path or synthetic text
  std::string config;     // absolute path
  friend bool operator==(const ClusterRecord&, const ClusterRecord&) = default;
};

/// --dir, made absolute; else the default directory.
Result<std::string> cluster_dir(const Parsed& given);
std::string absolute_path(const std::string& path);

/// error: not_found when `cox up` made no cluster there, bad_usage when the record is damaged
Result<ClusterRecord> read_record(const std::string& dir);
Result<void> write_record(const std::string& dir, const ClusterRecord& record);

/// Of a file in the directory that tells `cox up` and `cox down` what stands there.
bool is_record_name(const std::string& name);

/// The name of a cluster without --config, made from its directory, so that clusters side by side
/// have containers of their own.
std::string private_name(const std::string& dir);
/// Writes the configuration that gives the cluster that name and names its nodes; its path.
Result<std::string> write_private_config(const std::string& dir, std::uint32_t nodes);

/// What its files are named after where one daemon plays all nodes.
inline constexpr const char* pretended_name = "pretended";
inline constexpr std::uint32_t emulated_nodes_max = 1024;
inline constexpr std::uint32_t pretended_nodes_max = 65'536;

/// n1, n2, ...
std::string node_name(std::uint32_t index);
std::string controller_pid_file(const std::string& dir);
/// Where the node daemon passes on what users of its host ask.
std::string node_socket(const std::string& dir, const std::string& node);
std::string node_pid_file(const std::string& dir, const std::string& node);

/// A process known by a pid file whose lock it holds.
struct Daemon {
  std::string name;  // "coxctld", "coxnoded n1"
  int pid = 0;
};

/// Whose directory it is, where it is another user's than the one who asks, and that one is not
/// root: then what runs from it cannot be seen. "" otherwise.
std::string foreign_owner(const std::string& dir);
/// The daemons of this directory that run now, the controller first.
std::vector<Daemon> running_daemons(const std::string& dir);
/// The name of the cluster whose controller `cox down` has stopped there, while it has not cleared
/// the rest; empty when none was. Written once the controller agreed: nothing waits or runs then.
std::string stopped_cluster(const std::string& dir);
Result<void> note_stopped(const std::string& dir, const std::string& cluster);
Result<void> forget_stopped(const std::string& dir);

/// Ends processes, all at the same time: TERM, after `patience_ms` KILL. Returns when they are
/// gone. error: not_permitted; timed_out when even KILL did not help in 10 s
Result<void> end_processes(const std::vector<Daemon>& processes, int patience_ms);
/// Ends a process: TERM, after `patience_ms` KILL. Returns when it is gone.
/// error: not_permitted; timed_out when even KILL did not help in 10 s
Result<void> end_process(const std::string& name, int pid, int patience_ms);
/// Waits until the process is gone. False at the time-out.
bool wait_until_gone(int pid, int time_out_ms);

}  // namespace cox::cmds
