// What `cox join` leaves for coxnoded.service, so that the node comes back when its host starts
// again: ETC/coxswain/cluster.key and ETC/default/coxnoded, as etc/systemd has them.
#pragma once

#include <string>
#include <utility>

#include "common/result.h"

namespace cox::cmds {

/// The node daemon's options, with which the service starts it.
struct ServiceOptions {
  std::string controller, name, address;
  std::string dir;  // empty: the daemon's own default
};

class ServiceFiles {
 public:
  /// `etc`: "/etc" on a host; empty: nothing is kept.
  explicit ServiceFiles(std::string etc) : etc_(std::move(etc)) {}

  bool are_kept() const { return !etc_.empty(); }

  std::string key_file() const { return etc_ + "/coxswain/cluster.key"; }

  std::string options_file() const { return etc_ + "/default/coxnoded"; }

  /// Before anything is done: what is there may be replaced, and the options can be written so that
  /// the service reads them. Makes the directories. error: refused or bad_usage names the file or
  /// the option
  Result<void> check(const ServiceOptions& options) const;
  Result<void> write(const ServiceOptions& options, const std::string& key) const;

 private:
  std::string etc_;
};

}  // namespace cox::cmds
