// The controller's process: loop, listeners, timers, store thread and pool around a Controller.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "config/config.h"
#include "ctld/config_desk.h"
#include "ctld/log.h"
#include "platform/address.h"
#include "platform/service_manager.h"

namespace cox::ctld {

struct DaemonOptions {
  std::string dir;                        // sockets, pid file, and what has no other place
  std::string state_dir;                  // where the configuration names none; empty: DIR/state
  std::string key_file;                   // empty: DIR/cluster.key
  std::vector<platform::Address> listen;  // beside DIR/ctld.sock
  config::Config config;
  StartFile file;
  Log log{2};
  std::string log_file;  // opened again at SIGHUP; empty: none
  int log_fd = -1;
  platform::ServiceManager manager;
};

class Daemon {
 public:
  /// Takes the directory, rebuilds State from the journal and listens.
  /// error: refused when another controller has the directory; else what the system said
  static Result<std::unique_ptr<Daemon>> open(DaemonOptions options);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Until a signal or a shutdown request; everything decided by then is committed.
  void run();

 private:
  struct Body;
  explicit Daemon(std::unique_ptr<Body> body);
  std::unique_ptr<Body> body_;
};

}  // namespace cox::ctld
