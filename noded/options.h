// The command line of coxnoded, checked. The manual is man/coxnoded.8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "platform/address.h"

namespace cox::noded {

inline constexpr const char* default_run_dir = "/run/coxswain";

/// One of several nodes played on this machine.
struct Emulation {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

struct Options {
  platform::Address controller;
  std::string name;  // default: this host's, without domain
  std::string dir = default_run_dir;
  std::string topology;  // empty: this machine
  std::uint32_t memory_fraction = 1;
  std::optional<Emulation> emulation;
  std::optional<std::uint32_t> pretended;  // nodes that this process plays, running nothing
  std::string key_file;                    // empty: DIR/cluster.key when it is there
  std::string cluster;                     // empty: whatever the controller says
  std::string address;                     // where other hosts reach steps; empty: not at all
  std::string log_file;                    // empty: standard error
  std::string stepd;                       // empty: beside this program
  std::string boot_id;                     // of a node that is played; empty: this machine's
  bool awaits_input = false;               // register only when standard input ended
  bool wants_help = false;
  bool wants_version = false;
};

/// error: bad_usage names the option and the value
Result<Options> parse_options(int argc, char** argv);
std::string usage_text();

}  // namespace cox::noded
