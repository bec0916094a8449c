// The command line of coxsim.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "sim/figures.h"
#include "sim/machine.h"

namespace cox::sim {

struct Options {
  std::string log;         // empty: `live`
  std::string live;        // a running cluster, as cox sim --from live writes it
  MachineShape shape;      // no nodes: as the log's header says
  bool has_cores = false;  // --nodes says how many cores a node has
  std::string topology;    // file or synthetic text; empty: `shape`
  std::string config;
  std::vector<std::string> set;  // "scheduling.backfill=easy"
  By by = By::nobody;
  std::size_t limit = 20;    // lines of `by`; 0: all
  std::string csv, picture;  // files to write
  bool json = false;
  bool help = false;
};

/// error: bad_usage names the word at fault
Result<Options> parse_options(int argc, char** argv);

extern const char* const help_text;

}  // namespace cox::sim
