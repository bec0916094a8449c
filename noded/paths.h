// Where a node daemon keeps what: everything of node NAME under one run directory.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"

namespace cox::noded {

struct Paths {
  std::string dir;
  std::string name;

  std::string pid_file() const { return dir + "/noded-" + name + ".pid"; }

  /// Where commands on this node reach the controller.
  std::string client_socket() const { return dir + "/noded-" + name + ".sock"; }

  std::string memory_file() const { return dir + "/memory-" + name; }

  std::string steps() const { return dir + "/steps-" + name; }

  std::string attempts() const { return dir + "/attempts-" + name; }

  std::string groups() const { return dir + "/groups-" + name; }

  /// Notes of prologs, epilogs and health checks that run: platform/program_notes.h.
  std::string programs() const { return dir + "/programs-" + name; }

  std::string tmps() const { return dir + "/tmp-" + name; }

  /// Marks of steps that begun, or never will: stepd/begin_mark.h.
  std::string marks() const { return dir + "/begun-" + name; }

  std::string step_socket(const StepKey& key) const;
  std::string begin_mark(const StepKey& key) const;
  std::string attempt_file(AttemptKey key) const;
  std::string tmp(AttemptKey key) const;
};

/// "12.1"
std::string key_text(AttemptKey key);
/// "12.1.batch" for people.
std::string key_text(const StepKey& key);
/// Nothing for a name that is not ours.
std::optional<AttemptKey> parse_attempt_file_name(std::string_view name);
std::optional<StepKey> parse_step_socket_name(std::string_view name);

}  // namespace cox::noded
