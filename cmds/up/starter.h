// Starts the daemons of a private cluster and takes them back when one of them fails.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cmds/client/cluster_dir.h"
#include "cmds/run/signals.h"
#include "common/result.h"
#include "platform/process.h"

namespace cox::cmds {

class Starter {
 public:
  Starter(std::string dir, ClusterRecord record)
      : dir_(std::move(dir)), record_(std::move(record)) {}

  Starter(const Starter&) = delete;
  Starter& operator=(const Starter&) = delete;
  /// Ends what was started, unless keep() was called.
  ~Starter();

  /// From now on Ctrl-C and its kin end this process only after what it had started.
  Result<void> heed_signals();

  /// The signal that came, if one did.
  const std::optional<int>& interrupted() const { return interrupted_; }

  /// error: not_found where the program cannot be found
  Result<void> start_controller();
  /// The daemon gets ready and registers when it is let in.
  Result<void> start_node(std::uint32_t index);

  /// The daemon that plays all nodes; they register at once.
  Result<void> start_pretended();

  /// The daemon of this host, for the controller at `controller`; others reach it at `address`.
  Result<void> start_host(const std::string& name,
                          const std::string& controller,
                          const std::string& address);

  void let_in(std::uint32_t index) { doors_.erase(index); }

  /// error: a signal came; or the first daemon of ours that has ended by itself, with the last line
  /// of its log
  Result<void> check_alive();
  /// Sleeps until one of the daemons ends or a signal comes, at most so long.
  void pause(int time_out_ms) const;

  void keep() { is_kept_ = true; }

  std::size_t started() const { return daemons_.size(); }

 private:
  struct Started {
    std::string name, log;
    platform::Spawned process;
  };

  Result<void> start(const std::string& program,
                     const std::string& name,
                     const std::string& log,
                     std::vector<std::string> arguments,
                     int input = -1);

  std::string dir_;
  ClusterRecord record_;
  std::vector<Started> daemons_;
  std::map<std::uint32_t, platform::Descriptor> doors_;  // a node waits for the end of its pipe
  std::optional<Signals> signals_;
  std::optional<int> interrupted_;
  bool is_kept_ = false;
};

/// The last line of a log, for a message.
std::string last_line(const std::string& path);

}  // namespace cox::cmds
