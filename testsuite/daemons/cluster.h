// A whole cluster of real daemons in a directory of its own, and the proof that nothing is left of
// it. The daemons are children of the test, so that it can kill and start each of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "testsuite/daemons/client.h"
#include "testsuite/daemons/cut_network.h"
#include "testsuite/daemons/processes.h"

namespace cox::daemons {

enum class Transport : std::uint8_t { unix_sockets, tcp_with_key, tcp_with_munge };

struct ClusterOptions {
  std::uint32_t nodes = 2;
  Transport transport = Transport::unix_sockets;
  bool emulated = true;    // hostname, /dev/shm and network of their own, as `cox up` does
  std::string topology{};  // for hwloc; empty: this machine
  std::string cluster{};   // lines for the section of the configuration
  std::string kill_wait = "1s";
  std::string scheduling{};                       // the same
  std::string state_dir{};                        // empty: below the directory
  std::vector<std::string> daemon_environment{};  // beside PATH
  std::vector<std::string> controller_environment{};
  std::uint32_t controller_descriptors = 0;  // that it may open; 0: as many as we
  const CutNetwork* network = nullptr;  // daemons there, by TCP with the key; clients by the socket
};

class Cluster {
 public:
  /// Starts everything and waits until the controller hears every node.
  explicit Cluster(ClusterOptions options = {});
  /// Ends and clears whatever a failed test left.
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Stops it as an administrator would, then looks for anything left of it. Every job must have
  /// ended. The last word of each test.
  void expect_nothing_left();

  const std::string& dir() const { return dir_; }

  /// Writable by every user: where jobs run and leave their output.
  std::string work() const { return dir_ + "/work"; }

  std::string file(const std::string& name) const;
  /// True once a job has written the file and it contains `text`.
  bool shows(const std::string& name, const std::string& text) const;
  void write(const std::string& name, const std::string& text) const;

  /// A batch job that runs in work().
  Job job(const std::string& script) const;
  Client client() const;

  /// Another's key instead of the cluster's.
  Client client_with_key(const std::string& key) const { return Client(address_, key); }

  static std::string node_name(std::uint32_t index);
  void start_controller();
  /// The same without waiting for its answer.
  void spawn_controller();
  void start_node(std::uint32_t index);

  /// From its next start on it says that it has booted as this.
  void set_boot_id(std::uint32_t index, const std::string& boot_id) { boot_ids_[index] = boot_id; }

  /// Another daemon of that node's name, on what looks like another machine: its run directory is
  /// dir()/twin and its boot id differs.
  Child spawn_twin(std::uint32_t index) const;

  Child& controller() { return controller_; }

  Child& node(std::uint32_t index) { return nodes_.at(index); }

  /// SIGKILL, also to what is stopped, and waits.
  void kill_controller();
  void kill_node(std::uint32_t index);
  void kill_nodes();
  void start_nodes();
  void kill_supervisors();
  std::vector<int> supervisors() const;
  /// Of supervisors, where no cgroup holds their tasks.
  std::vector<int> guards() const;
  bool hears_all_nodes();
  /// No task, no supervisor, no attempt remembered on any node.
  bool is_quiet() const;
  /// What keeps it from being quiet, a line each.
  std::string leftovers() const;

  /// `/bin/sh -c COMMAND` in work(), with `cox` in its path and this cluster in its environment; as
  /// another user, without groups, where `uid` is not 0.
  Ran shell(const std::string& command, std::uint32_t uid = 0) const;
  platform::SpawnRequest shell_request(const std::string& command, std::uint32_t uid = 0) const;

  /// Directories below every cgroup mount that belong to this cluster.
  std::vector<std::string> cgroups() const;
  /// What containment the nodes say they have.
  std::string containment();

 private:
  bool hears_nodes(std::uint32_t count);
  platform::SpawnRequest node_daemon(std::uint32_t index) const;
  platform::SpawnRequest daemon(const std::string& program) const;
  void write_configuration() const;
  void expect_no_process() const;
  void clear();

  ClusterOptions options_;
  std::string dir_;
  platform::Address address_;
  std::string bin_;
  Child controller_;
  std::vector<Child> nodes_;
  std::map<std::uint32_t, std::string> boot_ids_;  // others have this machine's
  bool is_over_ = false;
};

/// One of ours, to be started.
std::string program(const std::string& name);
/// Where the examples were built.
std::string example(const std::string& name);
/// How many lines of the text are exactly this one.
std::size_t count_lines(const std::string& text, const std::string& line);

}  // namespace cox::daemons
