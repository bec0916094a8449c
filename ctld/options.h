// The program's options and what to do with them.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace cox::ctld {

struct Options {
  std::string dir;                  // empty: the configuration's
  std::string config;               // empty: defaults
  bool apply_config = false;        // `config` replaces what the journal has
  std::string check;                // --check: read this file, report, exit
  std::vector<std::string> listen;  // beside the socket in the directory
  std::string state_dir;            // where the configuration names none; empty: DIR/state
  std::string key_file;             // empty: DIR/cluster.key
  std::string log_file;             // empty: standard error
  bool version = false;
  bool help = false;
};

/// error: bad_usage with the line for standard error
Result<Options> parse_options(int argc, char** argv);

/// The whole program; its exit status.
int run_program(int argc, char** argv);

}  // namespace cox::ctld
